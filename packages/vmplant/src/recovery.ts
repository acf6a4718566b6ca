/**
 * What a plant does with the VMs an earlier run left: machines that still run are adopted, creations that were in flight are
 * undone, destructions are resumed, and a VM whose machine is gone says so.
 */
import { killProcessesOf, type Log } from '@vmgrid/daemon';
import { GridError, type LineName } from '@vmgrid/protocol';
import type { Admission } from './admission.ts';
import type { Leases } from './leases.ts';
import type { ProductionLine } from './lines/production-line.ts';
import type { LivingMachines } from './living-machines.ts';
import { moveTo, type VmRecord } from './vm.ts';
import type { VmRegistry } from './vm-registry.ts';
import type { Warehouse } from './warehouse/store.ts';

export interface RecoveryDeps {
  readonly lines: ReadonlyMap<LineName, ProductionLine>;
  readonly registry: VmRegistry;
  readonly admission: Admission;
  readonly living: LivingMachines;
  readonly leases: Leases;
  readonly warehouse: Warehouse;
  readonly log: Log;
  readonly watch: (vmId: string) => void;
  readonly collect: (vmId: string) => Promise<unknown>;
}

/** How long the agent of an adopted machine may take to answer. */
const ADOPTION_DEADLINE_MS = 5_000;
const KILL_DEADLINE_MS = 5_000;

export async function recover(deps: RecoveryDeps): Promise<void> {
  for (const record of deps.registry.all()) {
    deps.admission.count(record.vmId, record.machine);
    await recoverOne(record, deps).catch((error) => {
      deps.log.error({ err: error, vmId: record.vmId, state: record.state }, 'a VM could not be recovered');
    });
  }
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
      await deps.collect(record.vmId);
  }
}

async function undoCreation(
  record: VmRecord,
  { lines, registry, admission, warehouse, log }: RecoveryDeps,
): Promise<void> {
  if (record.machineState) await lines.get(record.line)?.kill(record.machineState);
  else await killProcessesOf(registry.directory(record.vmId), KILL_DEADLINE_MS); // one may have started, unrecorded
  await warehouse.references.drop(record.imageId, record.vmId);
  await registry.remove(record.vmId);
  admission.release(record.vmId);
  log.warn({ vmId: record.vmId, requestId: record.requestId }, 'a creation that was in flight was undone');
}

async function adopt(record: VmRecord, deps: RecoveryDeps): Promise<void> {
  const { registry, living, leases, log } = deps;
  const adopted = await findMachine(record, deps);
  if (adopted) living.add(record.vmId, adopted);
  if (record.state === 'collecting' || record.state === 'destroyed') return;
  leases.watch(record.vmId, record.leaseEndsAt);
  if (adopted) return deps.watch(record.vmId);
  if (record.state === 'failed') return;
  const failure = new GridError('GUEST_LOST', 'the machine ended while the plant was away', { vmId: record.vmId });
  await registry.update(record.vmId, (one) => moveTo(one, 'failed', { failure: failure.toBody() }));
  log.warn({ vmId: record.vmId }, 'the machine of a VM is gone');
}

async function findMachine({ machineState, line }: VmRecord, { lines }: RecoveryDeps) {
  if (!machineState) return undefined;
  const deadline = AbortSignal.timeout(ADOPTION_DEADLINE_MS);
  const machine = await lines.get(line)?.adopt(machineState, deadline);
  return machine && { machine, guest: await machine.guest(deadline) };
}
