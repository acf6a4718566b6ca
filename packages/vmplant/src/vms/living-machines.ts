/** The machines that run now, by VM, with the conversation with each guest. */

import type { Guest, Machine } from '@vmgrid/lines';
import { GridError } from '@vmgrid/protocol';

export interface LivingMachine {
  readonly machine: Machine;
  readonly guest: Guest;
}

export class LivingMachines {
  readonly #byVm = new Map<string, LivingMachine>();

  add(vmId: string, living: LivingMachine): void {
    this.#byVm.set(vmId, living);
  }

  find(vmId: string): LivingMachine | undefined {
    return this.#byVm.get(vmId);
  }

  /** @throws GridError GUEST_LOST */
  get(vmId: string): LivingMachine {
    const living = this.#byVm.get(vmId);
    if (!living) throw new GridError('GUEST_LOST', `the machine of ${vmId} does not run`, { vmId });
    return living;
  }

  remove(vmId: string): void {
    this.#byVm.delete(vmId);
  }

  /** Detaches from all of them; they run on without the plant. */
  detachAll(): void {
    for (const { machine } of this.#byVm.values()) machine.detach();
    this.#byVm.clear();
  }
}
