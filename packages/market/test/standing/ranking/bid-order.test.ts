import { expect, test } from '@jest/globals';
import { hash32Pair } from '@vmgrid/bidding';
import fc from 'fast-check';
import type { Bidding } from '../../../src/standing/bidding.ts';
import { BidOrder } from '../../../src/standing/ranking/bid-order.ts';

/** Few costs and few tie seeds, so that bids tie, also by the tie-break. */
const bids = fc
  .array(fc.record({ cost: fc.nat(2), tieSeed: fc.nat(5) }), { maxLength: 90 })
  .map((all) => all.map(({ cost, tieSeed }, number) => bid(`plant-${number}`, cost, tieSeed)));

const bid = (plantId: string, cost: number, tieSeed: number) => ({ plant: { plantId, tieSeed }, cost }) as Bidding;

const compareCosts = (a: Bidding, b: Bidding) => a.cost - b.cost;

/** Sorts by cost, then by the tie-break of this request, then by plant id. */
function sorted(all: readonly Bidding[], tieSeed: number): Bidding[] {
  const tieBreak = ({ plant }: Bidding) => hash32Pair(tieSeed, plant.tieSeed);
  return all.toSorted(
    (a, b) => a.cost - b.cost || tieBreak(a) - tieBreak(b) || (a.plant.plantId < b.plant.plantId ? -1 : 1),
  );
}

test('the best are those that sorting all of them finds, whatever was added and removed before', () => {
  const wanted = fc.record({
    tieSeed: fc.nat(),
    most: fc.integer({ min: 1, max: 8 }),
    skip: fc.nat(3),
    drop: fc.nat(3),
  });
  fc.assert(
    fc.property(bids, wanted, (all, { tieSeed, most, skip, drop }) => {
      const order = new BidOrder(compareCosts);
      for (const one of all) order.add(one);
      const [dropped, left] = [all.slice(0, drop), all.slice(drop)];
      for (const one of dropped) order.remove(one);
      const skipped = new Set(left.slice(0, skip).map(({ plant }) => plant.plantId));

      const candidates = left.filter(({ plant }) => !skipped.has(plant.plantId));
      expect(order.best({ tieSeed, skipped, most })).toEqual(sorted(candidates, tieSeed).slice(0, most));
      expect(order.size).toBe(left.length);
    }),
  );
});

test('a bid that is not there is not removed in place of another', () => {
  const order = new BidOrder(compareCosts);
  order.add(bid('one', 1, 1));
  expect(() => order.remove(bid('two', 1, 1))).toThrow('two does not bid');
});
