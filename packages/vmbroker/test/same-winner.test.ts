/** The promise of brokers: whatever tree the plants are in, the auction ends as if all had dialled up to the shop. */
import { expect, test } from '@jest/globals';
import { failureOf, holdAuction } from '@vmgrid/market';
import { type Bidder, type CallTerms, GridError, type Trail } from '@vmgrid/protocol';
import fc, { type Arbitrary } from 'fast-check';
import { bid, decline, request } from '../../market/test/bidders.ts';
import { VirtualTime } from '../../market/test/virtual-time.ts';
import { type Answer, type BrokerShape, biddersBelow, marketOf, plantBidder, reachable } from './broker-tree.ts';

const NOW_SECONDS = Date.UTC(2026, 0, 1) / 1_000;

/** Few different values, so that costs and ranks are often equal. */
const ad = fc.record({ Free: fc.nat(3), Load: fc.nat(2) });
const failures = fc.option(
  fc.record({
    RecentFailures: fc.integer({ min: 1, max: 3 }),
    LastFailureCode: fc.constant('VMM_FAILED'),
    LastFailureTime: fc.integer({ min: NOW_SECONDS - 150, max: NOW_SECONDS }),
  }),
  { nil: {} },
);
const answer = (plantId: string): Arbitrary<Answer> =>
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc
        .tuple(fc.nat(2), ad, failures, fc.nat(2), fc.integer({ min: 0, max: 19 }))
        .map(([cost, attributes, failed, expectedSeconds, draw]) => {
          const made = bid(plantId, cost, { ...attributes, ...failed });
          return { ...made, plan: { ...made.plan, expectedSeconds }, ...(draw === 0 ? { holds: true } : {}) };
        }),
    },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 4 }).map((lacking) => decline(plantId, lacking)) },
    { weight: 1, arbitrary: fc.constant(null) },
  );

const PLANTS = Array.from({ length: 12 }, (_, index) => `plant-${index}`);
const somePlants = fc.uniqueArray(fc.constantFrom(...PLANTS), { maxLength: 5 });

const shape: Arbitrary<Pick<BrokerShape, 'plants' | 'brokers'>> = fc
  .letrec<{ node: BrokerShape; root: Pick<BrokerShape, 'plants' | 'brokers'> }>((tie) => ({
    node: fc.record({
      brokerId: fc.integer({ min: 0, max: 999_999 }).map((number) => `broker-${number}`),
      plants: somePlants,
      brokers: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        fc.constant([]),
        fc.array(tie('node'), { maxLength: 2 }),
      ),
      dead: fc.integer({ min: 0, max: 7 }).map((draw) => draw === 0),
    }),
    root: fc.record({ plants: somePlants, brokers: fc.array(tie('node'), { minLength: 1, maxLength: 3 }) }),
  }))
  .root.filter(idsDiffer);

function idsDiffer(root: Pick<BrokerShape, 'plants' | 'brokers'>): boolean {
  const ids = (brokers: readonly BrokerShape[]): string[] =>
    brokers.flatMap(({ brokerId, brokers: below }) => [brokerId, ...ids(below)]);
  const all = ids(root.brokers);
  return new Set(all).size === all.length;
}

const scenario = fc.record({
  shape,
  answers: fc
    .tuple(...PLANTS.map(answer))
    .map((all) => new Map(PLANTS.map((plantId, index) => [plantId, all[index]!]))),
  requirements: fc.constantFrom(undefined, 'TARGET.Free > 1', 'TARGET.Free > 1 && TARGET.Load < 2', 'TARGET.Gpu'),
  rank: fc.constantFrom(undefined, '-TARGET.Load', 'TARGET.Free + TARGET.Load'),
  order: fc.constantFrom<CallTerms['order']>('cheapest', 'soonest'),
  failed: fc.uniqueArray(fc.constantFrom(...PLANTS), { maxLength: 4 }),
  best: fc.integer({ min: 1, max: 4 }),
  requestId: fc.integer({ min: 0, max: 999 }).map((number) => `request-${number}`),
});
type Scenario = typeof scenario extends Arbitrary<infer T> ? T : never;

/** The auction of a shop with these bidders, which has seen some plants fail. */
async function auctionAmong(bidders: (time: VirtualTime) => readonly Bidder[], terms: Scenario) {
  const { failed, best, order, requestId, requirements, rank } = terms;
  const time = new VirtualTime();
  const market = marketOf(time);
  for (const plantId of failed) market.memory.failed(plantId, new GridError('PLANT_LOST', 'gone amid a create'));
  const document = {
    ...{ ...request, requestId },
    ...(requirements === undefined ? {} : { requirements }),
    ...(rank === undefined ? {} : { rank }),
  };
  return time.until(
    holdAuction({ request: document, bidders: bidders(time) }, market, { bidWindowMs: 1_000, best, order }),
  );
}

const names = (places: readonly { readonly plantId: string }[]) => places.map(({ plantId }) => plantId);

test('the same plants win in the same order as in a flat auction, and the same failure comes of none', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async (drawn) => {
      const { shape, answers, best } = drawn;
      const there = [...reachable(shape)];
      const flat = await auctionAmong(() => there.map((id) => plantBidder(id, answers.get(id)!)), drawn);
      const tree = await auctionAmong((time) => biddersBelow(byTwoWays(shape), answers, time), drawn);
      expect(tree.bids.slice(0, best)).toEqual(flat.bids.slice(0, best));
      expect(tree.trail.order.slice(0, best)).toEqual(flat.trail.order.slice(0, best));
      if (!allAnswered(tree.trail)) return; // of plants below a dead broker nobody knows whether there are any
      expect(failureOf(tree)?.code).toBe(failureOf(flat)?.code);
    }),
    { numRuns: 300 },
  );
}, 60_000);

test('every plant is counted, and of each reason for a refusal the nearest is told, as in a flat auction', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async (drawn) => {
      const { answers } = drawn;
      const shape = withoutDoubles(drawn.shape, new Set());
      const there = [...reachable(shape)];
      const flat = await auctionAmong(() => there.map((id) => plantBidder(id, answers.get(id)!)), drawn);
      const tree = await auctionAmong((time) => biddersBelow(shape, answers, time), drawn);
      const counts = ({ asked, bids, silent, failed, declines }: typeof tree.trail.summary) => ({
        ...{ asked, bids, silent, failed, declines },
      });
      expect(counts(tree.trail.summary)).toEqual(counts(flat.trail.summary));
      const least = (lacking: readonly { readonly details: Record<string, unknown> }[]) =>
        Math.min(...lacking.map(({ details }) => Number(details.lacking)));
      expect(least(tree.declines)).toBe(least(flat.declines));
    }),
    { numRuns: 100 },
  );
}, 60_000);

test('a trail shows through which brokers a bid came, and what each of them came to', async () => {
  const answers = new Map<string, Answer>([
    ['plant-0', bid('plant-0', 2)],
    ['plant-1', bid('plant-1', 1)],
    ['plant-2', decline('plant-2', 8)],
  ]);
  const lower = { brokerId: 'lower', plants: ['plant-1', 'plant-2'], brokers: [], dead: false };
  const upper = { brokerId: 'upper', plants: [], brokers: [lower], dead: false };
  const shape = { plants: ['plant-0'], brokers: [upper, { ...lower, brokerId: 'gone', dead: true }] };
  const time = new VirtualTime();
  const { trail } = await time.until(
    holdAuction({ request, bidders: biddersBelow(shape, answers, time) }, marketOf(time), { bidWindowMs: 1_000 }),
  );
  const summary = {
    ...{ asked: 2, bids: 1, silent: 0, failed: 0, removals: [] },
    declines: [{ code: 'MEMORY_INSUFFICIENT', count: 1 }],
  };
  expect(trail.brokers).toEqual([
    { brokerId: 'upper', outcome: 'answered', elapsedMs: 0, closedBy: 'all-answered', summary },
    { brokerId: 'lower', via: ['upper'], outcome: 'answered', elapsedMs: 0, closedBy: 'all-answered', summary },
    { brokerId: 'gone', outcome: 'silent', elapsedMs: 1_000 },
  ]);
  expect(trail.answers.map(({ plantId, outcome, via = [] }) => [plantId, outcome, ...via])).toEqual([
    ['plant-0', 'bid'],
    ['plant-1', 'bid', 'upper', 'lower'],
    ['plant-2', 'decline', 'upper', 'lower'],
  ]);
  expect(names(trail.order)).toEqual(['plant-1', 'plant-0']);
  expect(trail.summary).toMatchObject({ asked: 3, bids: 2 });
});

/** The brokers of the second level are reached through another one, too. */
const byTwoWays = ({ plants, brokers }: Pick<BrokerShape, 'plants' | 'brokers'>) => {
  const twice = brokers.flatMap((broker) => (broker.dead ? [] : broker.brokers));
  return { plants, brokers: [...brokers, { brokerId: 'other', plants: [], brokers: twice, dead: false }] };
};

const allAnswered = ({ brokers = [] }: Trail) => brokers.every(({ outcome }) => outcome === 'answered');

/** Each plant in one place only. */
function withoutDoubles(
  { plants, brokers }: Pick<BrokerShape, 'plants' | 'brokers'>,
  seen: Set<string>,
): Pick<BrokerShape, 'plants' | 'brokers'> {
  const own = plants.filter((plantId) => !seen.has(plantId) && seen.add(plantId));
  return { plants: own, brokers: brokers.map((broker) => ({ ...broker, ...withoutDoubles(broker, seen) })) };
}
