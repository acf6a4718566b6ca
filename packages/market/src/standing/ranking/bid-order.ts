import { partitionPoint } from '@vmgrid/dag';
import type { Bidding } from '../bidding.ts';
import { TiedBids, type Wanted } from './tied-bids.ts';

/** Bids from the best to the worst, those that tie side by side. */
export class BidOrder {
  readonly #compare: (a: Bidding, b: Bidding) => number;
  readonly #groups: TiedBids[] = [];
  #size = 0;

  /** `compare` gives 0 for bids that only the tie-break tells apart. */
  constructor(compare: (a: Bidding, b: Bidding) => number) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#size;
  }

  add(bid: Bidding): void {
    const place = this.#placeOf(bid);
    const there = this.#groups[place];
    const group = there && this.#compare(there.first, bid) === 0 ? there : new TiedBids();
    group.add(bid);
    if (group !== there) this.#groups.splice(place, 0, group);
    this.#size++;
  }

  /** The bid has to be there. */
  remove(bid: Bidding): void {
    const place = this.#placeOf(bid);
    const group = this.#groups[place]!;
    group.remove(bid);
    if (group.size === 0) this.#groups.splice(place, 1);
    this.#size--;
  }

  best({ most, ...wanted }: Wanted): Bidding[] {
    const best: Bidding[] = [];
    for (let place = 0; place < this.#groups.length && best.length < most; place++) {
      best.push(...this.#groups[place]!.best({ ...wanted, most: most - best.length }));
    }
    return best;
  }

  /** Where the first group stands that does not come before this bid. */
  #placeOf(bid: Bidding): number {
    return partitionPoint(0, this.#groups.length, (at) => this.#compare(this.#groups[at]!.first, bid) < 0);
  }
}
