import type { Admission } from '@vmgrid/bidding';
import type { Log } from '@vmgrid/daemon';
import type { MachineExit } from '@vmgrid/lines';
import { GridError } from '@vmgrid/protocol';
import { healthy, needOf, withoutAccess } from '../lifecycle/suspension.ts';
import type { LivingMachines } from './living-machines.ts';
import { moveTo, type VmRecord } from './vm.ts';
import type { VmRegistry } from './vm-registry.ts';

export interface MachineWatchDeps {
  readonly admission: Pick<Admission, 'count'>;
  readonly living: LivingMachines;
  readonly registry: VmRegistry;
  readonly log: Log;
  /** Called when a machine has ended that nobody stopped. */
  readonly changed: () => void;
}

/**
 * Waits for the machine of a running VM to end. When its guest powered itself off the VM is stopped; when nobody asked
 * for it, the VM has failed. Its disk stays until the lease ends, and the VM can be started from it.
 */
export async function watchMachine(vmId: string, deps: MachineWatchDeps): Promise<void> {
  const { admission, living, registry, log, changed } = deps;
  const { machine } = living.get(vmId);
  machine.watchDisk?.((isFull) => void noteDisk(vmId, isFull, deps));
  const exit = await machine.exited;
  const state = registry.find(vmId)?.state;
  if (exit.cause === 'requested' || (state !== 'running' && state !== 'paused')) return;
  living.remove(vmId);
  const written = registry.update(vmId, (record) => ended(record, exit));
  admission.count(vmId, needOf(registry.get(vmId)));
  log.warn({ vmId, cause: exit.cause }, 'a machine has ended');
  await written.finally(changed);
}

/** The record cannot always be written, because the disk is full. It is changed and reported all the same. */
async function noteDisk(vmId: string, isFull: boolean, { registry, log, changed }: MachineWatchDeps): Promise<void> {
  const state = registry.find(vmId)?.state;
  if (state !== (isFull ? 'running' : 'paused')) return;
  log.warn({ vmId, isFull }, isFull ? 'a guest is stopped: the disk of the host is full' : 'the guest runs again');
  const change = isFull ? paused : (record: VmRecord) => moveTo(healthy(record), 'running');
  await registry.update(vmId, change).catch(() => undefined);
  changed();
}

function paused(record: VmRecord): VmRecord {
  const { vmId } = record;
  const why = `the guest of ${vmId} is stopped until the disk of its host has room`;
  return moveTo(record, 'paused', { failure: new GridError('HOST_DISK_FULL', why, { vmId }).toBody() });
}

function ended(record: VmRecord, { cause, detail }: MachineExit): VmRecord {
  if (cause === 'guest-shutdown') return moveTo(healthy(withoutAccess(record)), 'stopped');
  const { vmId } = record;
  const failure = new GridError('GUEST_LOST', `the machine of ${vmId} crashed`, { vmId, output: detail });
  return moveTo(withoutAccess(record), 'failed', { failure: failure.toBody() });
}
