import { hash32PairSigned } from '@vmgrid/bidding';
import type { Bidding } from '../bidding.ts';

/** Which of the bids are wanted. */
export interface Wanted {
  /** The request, as the tie-break sees it. */
  readonly tieSeed: number;
  /** Plants that are left out. */
  readonly skipped: ReadonlySet<string>;
  readonly most: number;
}

interface Placed {
  readonly bid: Bidding;
  readonly tieBreak: number;
}

/**
 * Bids that only the tie-break tells apart, in no order. Every request seeds it anew, so it is computed for all of them
 * each time: what it needs of each lies side by side.
 */
export class TiedBids {
  readonly #bids: Bidding[] = [];
  /** With a sign, as `hash32PairSigned` takes them best. */
  readonly #tieSeeds: number[] = [];

  get size(): number {
    return this.#bids.length;
  }

  /** Any of them. */
  get first(): Bidding {
    return this.#bids[0]!;
  }

  add(bid: Bidding): void {
    bid.place = this.#bids.length;
    this.#bids.push(bid);
    this.#tieSeeds.push(bid.plant.tieSeed | 0);
  }

  /** The bid has to be there. Its place goes to the last one. */
  remove(bid: Bidding): void {
    const { place } = bid;
    if (this.#bids[place] !== bid) throw new Error(`${bid.plant.plantId} does not bid what it is to bid no more`);
    const last = this.#bids.pop()!;
    const lastSeed = this.#tieSeeds.pop()!;
    if (last === bid) return;
    last.place = place;
    this.#bids[place] = last;
    this.#tieSeeds[place] = lastSeed;
  }

  /** The first by the tie-break, and by plant id should even that be equal. */
  best({ tieSeed, skipped, most }: Wanted): Bidding[] {
    const kept: Placed[] = [];
    let worst = 2 ** 31 - 1;
    for (let place = 0; place < this.#tieSeeds.length; place++) {
      const tieBreak = hash32PairSigned(tieSeed, this.#tieSeeds[place]!);
      if (tieBreak > worst) continue;
      const bid = this.#bids[place]!;
      if (skipped.size > 0 && skipped.has(bid.plant.plantId)) continue;
      insert(kept, { bid, tieBreak });
      if (kept.length > most) kept.pop();
      if (kept.length === most) worst = kept[most - 1]!.tieBreak;
    }
    return kept.map(({ bid }) => bid);
  }
}

/** Apart: a closure in the loop would cost each round an object, also those that do not come so far. */
function insert(kept: Placed[], placed: Placed): void {
  kept.splice(kept.findLastIndex((one) => isBefore(one, placed)) + 1, 0, placed);
}

const isBefore = (one: Placed, other: Placed): boolean =>
  one.tieBreak < other.tieBreak || (one.tieBreak === other.tieBreak && one.bid.plant.plantId < other.bid.plant.plantId);
