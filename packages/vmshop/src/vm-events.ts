/** What plants tell of their VMs, for whoever listens, and the last of it for those who come late. */
import { type Caller, sees, type VmEvent } from '@vmgrid/protocol';

/** Events remembered. */
const KEPT = 1_000;

export class VmEvents {
  /** By their text: to compare each event with all of them would take longer than an auction. */
  readonly #last = new Map<string, VmEvent>();
  readonly #listeners = new Set<(event: VmEvent) => void>();

  /** What came before, of a plant that is reached more than one way, is nothing new. */
  add(event: VmEvent): void {
    const text = JSON.stringify(event);
    if (this.#last.has(text)) return;
    this.#last.set(text, event);
    if (this.#last.size > KEPT) this.#last.delete(this.#last.keys().next().value!);
    for (const listener of this.#listeners) listener(event);
  }

  /** Hands over what is remembered of the caller's VMs, then each event as it comes. Returns how to stop listening. */
  listen(caller: Caller | undefined, listener: (event: VmEvent) => void): () => void {
    const tell = (event: VmEvent) => {
      if (sees(caller, event.owner)) listener(event);
    };
    for (const event of this.#last.values()) tell(event);
    this.#listeners.add(tell);
    return () => void this.#listeners.delete(tell);
  }
}
