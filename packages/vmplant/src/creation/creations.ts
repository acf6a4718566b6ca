/**
 * The creations that the plant has taken on, by request: from the award on, while they wait for their turn and have no
 * record yet, until there is a VM or an error. A shop that asks anew meanwhile must hear of them.
 */
import type { RequestBook } from '@vmgrid/bidding';
import { keyText, type RequestKey } from '@vmgrid/protocol';

export class Creations {
  readonly #requests: RequestBook;
  /** How many calls wait for each. */
  readonly #taken = new Map<string, number>();

  /** `requests` is told of each request as it is taken on, and when its last call is answered. */
  constructor(requests: RequestBook) {
    this.#requests = requests;
  }

  has(key: RequestKey): boolean {
    return this.#taken.has(keyText(key));
  }

  /** A request that comes again while it is worked on counts until its last call is answered. */
  async during<T>(key: RequestKey, work: () => Promise<T>): Promise<T> {
    const text = keyText(key);
    const calls = this.#taken.get(text) ?? 0;
    this.#taken.set(text, calls + 1);
    if (calls === 0) this.#requests.add(key.requestId);
    try {
      return await work();
    } finally {
      const left = this.#taken.get(text)! - 1;
      if (left > 0) this.#taken.set(text, left);
      else {
        this.#taken.delete(text);
        this.#requests.drop(key.requestId);
      }
    }
  }
}
