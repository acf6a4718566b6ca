import { hash32Pair } from '@vmgrid/bidding';
import type { Bidding } from './bidding.ts';

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

/** Up to as many bids are looked through for one; of more it is remembered where each stands. */
const LOOKED_THROUGH = 16;

/**
 * Bids that only the tie-break tells apart, in no order. Every request seeds it anew, so it is computed for all of them each
 * time: what it needs of each lies side by side.
 */
export class TiedBids {
  readonly #bids: Bidding[] = [];
  readonly #tieSeeds: number[] = [];
  #places: Map<Bidding, number> | undefined;

  get size(): number {
    return this.#bids.length;
  }

  /** Any of them. */
  get first(): Bidding {
    return this.#bids[0]!;
  }

  add(bid: Bidding): void {
    this.#places?.set(bid, this.#bids.length);
    this.#bids.push(bid);
    this.#tieSeeds.push(bid.plant.tieSeed);
    if (this.#bids.length > LOOKED_THROUGH) this.#places ??= new Map(this.#bids.map((one, place) => [one, place]));
  }

  /** The bid has to be there. Its place goes to the last one. */
  remove(bid: Bidding): void {
    const place = this.#places ? this.#places.get(bid) : this.#bids.indexOf(bid);
    if (place === undefined || place < 0)
      throw new Error(`${bid.plant.plantId} does not bid what it is to bid no more`);
    const last = this.#bids.pop()!;
    const lastSeed = this.#tieSeeds.pop()!;
    this.#places?.delete(bid);
    if (last === bid) return;
    this.#bids[place] = last;
    this.#tieSeeds[place] = lastSeed;
    this.#places?.set(last, place);
  }

  /** The first by the tie-break, and by plant id should even that be equal. */
  best({ tieSeed, skipped, most }: Wanted): Bidding[] {
    const kept: Placed[] = [];
    let worst = Number.POSITIVE_INFINITY;
    for (let place = 0; place < this.#tieSeeds.length; place++) {
      const tieBreak = hash32Pair(tieSeed, this.#tieSeeds[place]!);
      if (tieBreak > worst) continue;
      const bid = this.#bids[place]!;
      if (skipped.size > 0 && skipped.has(bid.plant.plantId)) continue;
      const placed = { bid, tieBreak };
      kept.splice(kept.findLastIndex((one) => isBefore(one, placed)) + 1, 0, placed);
      if (kept.length > most) kept.pop();
      if (kept.length === most) worst = kept[most - 1]!.tieBreak;
    }
    return kept.map(({ bid }) => bid);
  }
}

const isBefore = (one: Placed, other: Placed): boolean =>
  one.tieBreak < other.tieBreak || (one.tieBreak === other.tieBreak && one.bid.plant.plantId < other.bid.plant.plantId);
