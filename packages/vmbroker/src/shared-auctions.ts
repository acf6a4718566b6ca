/**
 * One auction of a shop may come to a broker by several ways. It is held below once, and all who call for it get the
 * same answer: also those who call a little later, since the shop puts all of it into one order.
 */
import { BoundedMap, type BrokerBids, type Call, whenAborted } from '@vmgrid/protocol';

/** Auctions of which the answer is kept for whoever calls next. */
const AUCTIONS_SHARED = 128;
/** Larger calls have auctions of their own. */
const KEY_CHARS = 65_536;

interface Shared {
  readonly answer: Promise<BrokerBids>;
  /** Gives it up. */
  readonly ending: AbortController;
  callers: number;
}

type Hold = (signal: AbortSignal) => Promise<BrokerBids>;

export class SharedAuctions {
  readonly #kept = new BoundedMap<string, Shared>({ most: AUCTIONS_SHARED });

  /**
   * Holds the auction unless it is under way or was held. It is given up when all who called have given up.
   * @throws what `hold` throws
   */
  async join(call: Call, signal: AbortSignal, hold: Hold): Promise<BrokerBids> {
    const key = keyOf(call);
    if (key.length > KEY_CHARS) return hold(signal);
    const known = this.#kept.get(key);
    const shared = known && !known.ending.signal.aborted ? known : this.#begin(key, hold);
    shared.callers += 1;
    const stopListening = whenAborted(signal, () => {
      shared.callers -= 1;
      if (shared.callers === 0) shared.ending.abort(signal.reason);
    });
    try {
      return await shared.answer;
    } catch (error) {
      if (this.#kept.get(key) === shared) this.#kept.delete(key);
      throw error;
    } finally {
      stopListening();
    }
  }

  #begin(key: string, hold: Hold): Shared {
    const ending = new AbortController();
    const shared = { answer: hold(ending.signal), ending, callers: 0 };
    this.#kept.set(key, shared);
    return shared;
  }
}

/** The same for all calls of one auction that leave equally much time, whichever brokers they have passed. */
const keyOf = ({ terms, ...request }: Call): string => JSON.stringify([request, { ...terms, path: [] }]);
