/** Passes on what plants tell of their VMs, to all who listen. A late listener gets the last events first. */
import { type Caller, sees, type ToldVm, type VmEvent, type VmsChange } from '@vmgrid/protocol';

/** Events remembered. */
const KEPT = 1_000;

export class VmEvents {
  readonly #last: VmEvent[] = [];
  readonly #listeners = new Set<(event: VmEvent) => void>();

  /** Notes what a plant told of a VM. `before`: what it had told of it last. */
  changed(change: VmsChange, before: ToldVm | undefined): void {
    const event = vmEvent(change, before);
    if (!event) return;
    this.#last.push(event);
    if (this.#last.length > KEPT) this.#last.shift();
    for (const listener of this.#listeners) listener(event);
  }

  /** Hands over what is remembered of the caller's VMs, then each event as it comes. Returns how to stop listening. */
  listen(caller: Caller | undefined, listener: (event: VmEvent) => void): () => void {
    const tell = (event: VmEvent) => {
      if (sees(caller, event.owner)) listener(event);
    };
    for (const event of this.#last) tell(event);
    this.#listeners.add(tell);
    return () => void this.#listeners.delete(tell);
  }
}

/** Returns undefined when there is no event for listeners: a new VM has done nothing yet. */
function vmEvent({ plantId, at, vm, leaseEnding }: VmsChange, before: ToldVm | undefined): VmEvent | undefined {
  const { vmId, owner, state, reason, leaseEndsAt } = vm;
  if (vmId === undefined || leaseEndsAt === undefined) return undefined;
  if (!leaseEnding && (before?.vmId !== vmId || before.state === state)) return undefined;
  const event = leaseEnding ? 'lease-ending' : 'state';
  return {
    ...{ event, vmId, plantId, at, state, leaseEndsAt },
    ...(owner === undefined ? {} : { owner }),
    ...(reason === undefined ? {} : { reason }),
  };
}
