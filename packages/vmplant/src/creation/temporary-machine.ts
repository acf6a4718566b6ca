/** Machines that are nobody's VM: made for a look at the guest, or to become an image, and gone afterwards. */
import type { Admission } from '@vmgrid/bidding';
import { type Clock, type Log, UndoStack } from '@vmgrid/daemon';
import { type Called, requestKey } from '@vmgrid/protocol';
import type { ImageHolds, StagingFolder } from '@vmgrid/warehouse';
import type { VmNames } from '../vms/identity.ts';
import { Phases, type ReportProgress } from '../vms/phases.ts';
import { type Execution, type ExecutionDeps, type ExecutionJob, executePlan } from './execute-plan.ts';
import { takeBack } from './take-back.ts';

export interface TemporaryMachineDeps {
  readonly execution: ExecutionDeps;
  readonly warehouse: Pick<ImageHolds, 'acquire' | 'references'>;
  readonly admission: Admission;
  readonly report: ReportProgress;
  readonly clock: Clock;
  readonly log: Log;
  readonly nameVm: () => VmNames;
}

/** What of a job differs between those that make such machines. */
type Wanted = Pick<ExecutionJob, 'machine' | 'image' | 'purpose' | 'start' | 'line' | 'actions'>;

export interface TemporaryMachine extends Wanted {
  /** On whose behalf. */
  readonly asked: Called<{ readonly requestId: string }>;
  /** Its folder, which goes with it. */
  readonly staging: Pick<StagingFolder, 'directory' | 'discard'>;
  /** Nobody asked for it: its room is free for whatever is asked for. */
  readonly givesWay?: boolean;
  readonly signal: AbortSignal;
}

/** Makes the machine, hands it to `use`, and takes it away, with all that was acquired for it, however that went. */
export async function withTemporaryMachine<T>(
  { asked, staging, givesWay = false, signal, ...wanted }: TemporaryMachine,
  deps: TemporaryMachineDeps,
  use: (execution: Execution, phases: Phases) => Promise<T>,
): Promise<T> {
  const { admission, warehouse, log } = deps;
  const names = deps.nameVm();
  const { vmId } = names;
  const { id: imageId } = wanted.image.manifest;
  const phases = new Phases(deps.clock, requestKey(asked), deps.report);
  const undo = new UndoStack();
  undo.push('staging', () => staging.discard());
  try {
    admission.reserve(vmId, { ...wanted.machine, givesWay });
    undo.push('admission', () => admission.release(vmId));
    await warehouse.acquire(imageId, vmId);
    undo.push('image reference', () => warehouse.references.drop(imageId, vmId));
    const job = {
      ...{ ...wanted, names, phases, directory: staging.directory },
      describe: () => '', // no host action runs on one
      started: async () => undefined,
      opened: async () => admission.made(vmId),
    };
    return await use(await executePlan(job, deps.execution, undo, signal), phases);
  } finally {
    await takeBack(undo, log, { vmId });
  }
}
