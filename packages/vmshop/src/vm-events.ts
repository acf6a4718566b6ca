/** What plants tell of their VMs, for whoever listens, and the last of it for those who come late. */
import { type Caller, sees, type ToldVm, type VmEvent, type VmsChange } from '@vmgrid/protocol';

/** Events remembered. */
const KEPT = 1_000;

export class VmEvents {
  readonly #last: VmEvent[] = [];
  readonly #listeners = new Set<(event: VmEvent) => void>();

  /** A plant told of a VM; before, it had told this of it. */
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

/** Undefined when nothing has happened that anybody waits for: a VM that is new has done nothing yet. */
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
