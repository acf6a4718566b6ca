/**
 * Machines that belong to no VM: the plant makes one to look at a guest or to build an image, and removes it
 * afterwards.
 */
import type { Admission } from '@vmgrid/bidding';
import type { Log } from '@vmgrid/daemon';
import type { ImageHolds, StagingFolder } from '@vmgrid/warehouse';
import { type Execution, type ExecutionDeps, type ExecutionJob, executePlan } from './execute-plan.ts';
import {
  type Asked,
  beginMaking,
  holdImage,
  type MachinePlan,
  type MakingDeps,
  type PlannedMaking,
  reserveRoom,
} from './making.ts';
import { takeBack } from './take-back.ts';

export interface TemporaryMachineDeps extends MakingDeps {
  readonly execution: ExecutionDeps;
  readonly warehouse: { readonly references: Pick<ImageHolds['references'], 'acquire' | 'drop'> };
  readonly admission: Admission;
  readonly log: Log;
}

export interface TemporaryMachine<Request extends Asked, Plan extends MachinePlan>
  extends Pick<PlannedMaking<Request, Plan>, 'request' | 'plan' | 'signal'>,
    Pick<ExecutionJob, 'machine' | 'purpose'> {
  /** The machine's folder, which is removed with it. */
  readonly staging: StagingFolder;
  /** Whether the machine was requested by nobody: then its room is free for any request. */
  readonly givesWay?: boolean;
}

/** The machine as its user gets it. */
export interface TemporaryMaking<Request extends Asked, Plan extends MachinePlan> extends PlannedMaking<Request, Plan> {
  readonly staging: StagingFolder;
}

/**
 * Makes the machine, passes it to `use`, and removes it with everything that was acquired for it, whatever the outcome.
 */
export async function withTemporaryMachine<T, Request extends Asked, Plan extends MachinePlan>(
  { request, plan, signal, staging, machine, purpose, givesWay = false }: TemporaryMachine<Request, Plan>,
  deps: TemporaryMachineDeps,
  use: (execution: Execution, making: TemporaryMaking<Request, Plan>) => Promise<T>,
): Promise<T> {
  const { admission, warehouse, execution, log } = deps;
  const making = { ...beginMaking(request, signal, deps), plan, staging };
  const { vmId } = making.names;
  making.undo.push('staging', () => staging.discard());
  try {
    reserveRoom(making, { ...machine, givesWay }, admission);
    await holdImage(making, plan.image.manifest.id, warehouse.references);
    const job = {
      ...{ ...making, machine, purpose, directory: staging.directory },
      describe: () => '', // no host action runs on one
      started: async () => undefined,
      opened: async () => admission.made(vmId),
    };
    return await use(await executePlan(job, execution), making);
  } finally {
    await takeBack(making.undo, log, { vmId });
  }
}
