/** What plants tell of their VMs, for whoever listens, and the last of it for those who come late. */
import { isDeepStrictEqual } from 'node:util';
import type { VmEvent } from '@vmgrid/protocol';

/** Events remembered. */
const KEPT = 1_000;

export class VmEvents {
  readonly #last: VmEvent[] = [];
  readonly #listeners = new Set<(event: VmEvent) => void>();

  /** What came before, of a plant that is reached more than one way, is nothing new. */
  add(event: VmEvent): void {
    if (this.#last.some((before) => isDeepStrictEqual(before, event))) return;
    this.#last.push(event);
    if (this.#last.length > KEPT) this.#last.shift();
    for (const listener of this.#listeners) listener(event);
  }

  /** Hands over what is remembered, then each event as it comes. Returns how to stop listening. */
  listen(listener: (event: VmEvent) => void): () => void {
    for (const event of this.#last) listener(event);
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
