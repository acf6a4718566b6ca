/**
 * The creations that the plant has taken on, by request: from the award on, while they wait for their turn and have no record
 * yet, until there is a VM or an error. A shop that asks anew meanwhile must hear of them.
 */
import { keyText, type RequestKey } from '@vmgrid/protocol';

export class Creations {
  readonly #taken = new Map<string, { readonly requestId: string; calls: number }>();

  has(key: RequestKey): boolean {
    return this.#taken.has(keyText(key));
  }

  get requestIds(): readonly string[] {
    return [...this.#taken.values()].map(({ requestId }) => requestId);
  }

  /** A request that comes again while it is worked on counts until its last call is answered. */
  async during<T>(key: RequestKey, work: () => Promise<T>): Promise<T> {
    const text = keyText(key);
    const taken = this.#taken.get(text) ?? { requestId: key.requestId, calls: 0 };
    this.#taken.set(text, taken);
    taken.calls += 1;
    try {
      return await work();
    } finally {
      taken.calls -= 1;
      if (taken.calls === 0) this.#taken.delete(text);
    }
  }
}
