/**
 * What a plant does with the VMs an earlier run left: machines that still run are adopted, creations that were in flight are
 * undone, destructions are resumed, and a VM whose machine is gone says so.
 */
import type { Admission } from '@vmgrid/bidding';
import type { DeadlineClock, Log } from '@vmgrid/daemon';
import { GridError, type LineName } from '@vmgrid/protocol';
import type { Configurator } from './configuration/configurator.ts';
import type { Leases } from './leases.ts';
import type { Guest, Machine, ProductionLine } from './lines/production-line.ts';
import type { LivingMachine, LivingMachines } from './living-machines.ts';
import { moveTo, type VmRecord } from './vm.ts';
import type { VmRegistry } from './vm-registry.ts';
import type { ImageHolds } from './warehouse/image-holds.ts';

export interface RecoveryDeps {
  readonly lines: ReadonlyMap<LineName, ProductionLine>;
  readonly registry: VmRegistry;
  readonly admission: Admission;
  readonly living: LivingMachines;
  readonly leases: Leases;
  readonly warehouse: ImageHolds;
  readonly configurator: Pick<Configurator, 'removeDiscs'>;
  readonly log: Log;
  readonly clock: DeadlineClock;
  readonly watch: (vmId: string) => void;
  readonly collect: (vmId: string) => Promise<unknown>;
}

/** How long the agent of an adopted machine may take to answer. */
const ADOPTION_DEADLINE_MS = 30_000;

export async function recover(deps: RecoveryDeps): Promise<void> {
  const records = deps.registry.all();
  for (const record of records) deps.admission.count(record.vmId, record.machine);
  const recovered = records.map((record) =>
    recoverOne(record, deps).catch((error) => {
      deps.log.error({ err: error, vmId: record.vmId, state: record.state }, 'a VM could not be recovered');
    }),
  );
  await Promise.all(recovered);
  // A plant that was killed between taking an image and recording the VM, or amid a build, left a hold on the image.
  const held = await deps.warehouse.releaseAllBut(new Set(deps.registry.all().map(({ vmId }) => vmId)));
  if (held > 0) deps.log.warn({ held }, 'images were held for machines that were never made');
}

async function recoverOne(record: VmRecord, deps: RecoveryDeps): Promise<void> {
  switch (record.state) {
    case 'planned':
    case 'cloning':
    case 'configuring':
      return undoCreation(record, deps);
    case 'running':
    case 'failed':
      return adopt(record, deps);
    case 'collecting':
    case 'destroyed':
      await adopt(record, deps);
      // A destruction DAG may take its time; the plant opens meanwhile.
      deps.collect(record.vmId).catch((error) => {
        deps.log.error({ err: error, vmId: record.vmId }, 'a destruction could not be resumed');
        deps.leases.watch(record.vmId, record.leaseEndsAt);
      });
  }
}

async function undoCreation(
  record: VmRecord,
  { lines, registry, admission, warehouse, log }: RecoveryDeps,
): Promise<void> {
  await lines.get(record.line)?.kill(registry.directory(record.vmId)); // it may have started, unrecorded
  await warehouse.references.drop(record.imageId, record.vmId);
  await registry.remove(record.vmId);
  admission.release(record.vmId);
  log.warn({ vmId: record.vmId, requestId: record.requestId }, 'a creation that was in flight was undone');
}

async function adopt(record: VmRecord, deps: RecoveryDeps): Promise<void> {
  await deps.configurator.removeDiscs(deps.registry.directory(record.vmId)); // a run that the plant's death cut off left its own
  const { registry, living, leases, log } = deps;
  const { vmId, state } = record;
  const found = await takeOver(record, deps);
  const isThere = !(found instanceof GridError);
  if (isThere) living.add(vmId, found);
  if (state === 'collecting' || state === 'destroyed') return;
  leases.watch(vmId, record.leaseEndsAt);
  if (isThere) return deps.watch(vmId);
  if (state === 'failed') return;
  await registry.update(vmId, (one) => moveTo(one, 'failed', { failure: found.toBody() }));
  log.warn({ vmId, code: found.code }, found.message);
}

/** The machine and its guest, or why there is none to go on with. One that runs on without answering ends with its VM. */
async function takeOver(
  { vmId, machineState, line }: VmRecord,
  { lines, clock }: RecoveryDeps,
): Promise<LivingMachine | GridError> {
  const deadline = clock.timeout(ADOPTION_DEADLINE_MS);
  try {
    const found = machineState && (await lines.get(line)?.adopt(machineState, deadline));
    if (found?.kind !== 'running') {
      return new GridError('GUEST_LOST', 'the machine ended while the plant was away', { vmId });
    }
    return { machine: found.machine, guest: await guestOf(found.machine, deadline) };
  } catch (cause) {
    const withinMs = ADOPTION_DEADLINE_MS;
    const message = `the machine runs but could not be taken over within ${withinMs} ms`;
    return new GridError('GUEST_UNREACHABLE', message, { vmId, withinMs }, { cause });
  }
}

async function guestOf(machine: Machine, signal: AbortSignal): Promise<Guest> {
  try {
    return await machine.guest(signal);
  } catch (error) {
    machine.release();
    throw error;
  }
}
