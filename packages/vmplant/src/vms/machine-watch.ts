import type { Log } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import type { LivingMachines } from './living-machines.ts';
import { moveTo } from './vm.ts';
import type { VmRegistry } from './vm-registry.ts';

export interface MachineWatchDeps {
  readonly living: LivingMachines;
  readonly registry: VmRegistry;
  readonly log: Log;
  /** Told when a machine ended that nobody stopped. */
  readonly changed: () => void;
}

/** Waits for the machine of a running VM to end. When nobody asked it to, the VM has failed; its disk stays until the lease ends. */
export async function watchMachine(vmId: string, { living, registry, log, changed }: MachineWatchDeps): Promise<void> {
  const { cause, detail } = await living.get(vmId).machine.exited;
  if (cause === 'requested' || registry.find(vmId)?.state !== 'running') return;
  living.remove(vmId);
  const message = cause === 'crashed' ? `the machine of ${vmId} crashed` : `the guest of ${vmId} shut itself down`;
  const failure = new GridError('GUEST_LOST', message, { vmId, output: detail });
  await registry.update(vmId, (record) => moveTo(record, 'failed', { failure: failure.toBody() }));
  log.warn({ vmId, cause }, 'a machine has ended');
  changed();
}
