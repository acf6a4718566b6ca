import { scatterPair } from '@vmgrid/bidding';
import type { Bidding } from './class-order.ts';

/** Which of the bids are wanted. */
export interface Wanted {
  /** The request, as the tie-break sees it. */
  readonly tieSeed: number;
  /** Plants that are left out. */
  readonly skipped: ReadonlySet<string>;
  readonly most: number;
}

/**
 * Bids that only the tie-break tells apart. Every request seeds it anew, so it is computed for all of them each time: what it
 * needs of each lies side by side.
 */
export class TiedBids {
  /** By tie seed and plant id: the same bids come out in the same order however they came in. */
  readonly #bids: Bidding[] = [];
  readonly #tieSeeds: number[] = [];

  get size(): number {
    return this.#bids.length;
  }

  /** Any of them. */
  get first(): Bidding {
    return this.#bids[0]!;
  }

  add(bid: Bidding): void {
    const place = this.#placeOf(bid);
    this.#bids.splice(place, 0, bid);
    this.#tieSeeds.splice(place, 0, bid.plant.tieSeed);
  }

  /** The bid has to be there. */
  remove(bid: Bidding): void {
    const place = this.#placeOf(bid);
    if (this.#bids[place] !== bid) throw new Error('the bid to remove is not where its tie seed says');
    this.#bids.splice(place, 1);
    this.#tieSeeds.splice(place, 1);
  }

  /** The first by the tie-break, and by plant id should even that be equal. */
  best({ tieSeed, skipped, most }: Wanted): Bidding[] {
    const kept: { readonly place: number; readonly tieBreak: number }[] = [];
    let worst = Number.POSITIVE_INFINITY;
    for (let place = 0; place < this.#tieSeeds.length; place++) {
      const tieBreak = scatterPair(tieSeed, this.#tieSeeds[place]!);
      if (tieBreak >= worst || this.#isSkipped(place, skipped)) continue;
      kept.splice(kept.findLastIndex((one) => one.tieBreak <= tieBreak) + 1, 0, { place, tieBreak });
      if (kept.length > most) kept.pop();
      if (kept.length === most) worst = kept[most - 1]!.tieBreak;
    }
    return kept.map(({ place }) => this.#bids[place]!);
  }

  #isSkipped(place: number, skipped: ReadonlySet<string>): boolean {
    return skipped.size > 0 && skipped.has(this.#bids[place]!.plant.plantId);
  }

  /** Where the first bid stands whose plant does not come before this one. */
  #placeOf({ plant: { tieSeed, plantId } }: Bidding): number {
    let [low, high] = [0, this.#bids.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#tieSeeds[middle]! < tieSeed) low = middle + 1;
      else high = middle;
    }
    while (this.#tieSeeds[low] === tieSeed && this.#bids[low]!.plant.plantId < plantId) low++;
    return low;
  }
}
