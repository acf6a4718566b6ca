import type { Admission } from '@vmgrid/bidding';
import type { Log } from '@vmgrid/daemon';
import type { MachineExit } from '@vmgrid/lines';
import { GridError } from '@vmgrid/protocol';
import { needOf, withoutAccess } from '../lifecycle/suspension.ts';
import type { LivingMachines } from './living-machines.ts';
import { moveTo, type VmRecord } from './vm.ts';
import type { VmRegistry } from './vm-registry.ts';

export interface MachineWatchDeps {
  readonly admission: Pick<Admission, 'count'>;
  readonly living: LivingMachines;
  readonly registry: VmRegistry;
  readonly log: Log;
  /** Told when a machine ended that nobody stopped. */
  readonly changed: () => void;
}

/**
 * Waits for the machine of a running VM to end. When its guest powered itself off the VM is stopped; when nobody asked for it, it has
 * failed. Its disk stays until the lease ends, and it can be started from it.
 */
export async function watchMachine(vmId: string, deps: MachineWatchDeps): Promise<void> {
  const { admission, living, registry, log, changed } = deps;
  const exit = await living.get(vmId).machine.exited;
  if (exit.cause === 'requested' || registry.find(vmId)?.state !== 'running') return;
  living.remove(vmId);
  const written = registry.update(vmId, (record) => ended(record, exit));
  admission.count(vmId, needOf(registry.get(vmId)));
  log.warn({ vmId, cause: exit.cause }, 'a machine has ended');
  await written.finally(changed);
}

function ended(record: VmRecord, { cause, detail }: MachineExit): VmRecord {
  if (cause === 'guest-shutdown') return moveTo(withoutAccess(record), 'stopped');
  const { vmId } = record;
  const failure = new GridError('GUEST_LOST', `the machine of ${vmId} crashed`, { vmId, output: detail });
  return moveTo(withoutAccess(record), 'failed', { failure: failure.toBody() });
}
