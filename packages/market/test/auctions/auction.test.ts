import { describe, expect, test } from '@jest/globals';
import { type Bidder, EXPRESSION_LIMITS, GridError, Trail, validate } from '@vmgrid/protocol';
import { type Auction, failureOf, holdAuction, type MarketDeps, PlantFailureHistory } from '../../src/index.ts';
import { bid, decline, FakeBidder, request } from '../bidders.ts';
import { VirtualTime } from '../virtual-time.ts';

const world = () => {
  const time = new VirtualTime();
  const memory = new PlantFailureHistory(time);
  const deps: MarketDeps = { clock: time, memory, newAuctionId: () => 'auction-1' };
  const hold = (bidders: readonly Bidder[], terms = {}): Promise<Auction> =>
    time.until(holdAuction({ request: { ...request, ...terms }, bidders }, deps, { bidWindowMs: 1_000 }));
  return { time, memory, hold };
};

describe('holdAuction', () => {
  test('leaves a trail of everything it decided', async () => {
    const { time, hold } = world();
    const auction = await hold(
      [
        new FakeBidder(time, 'dear', { offer: bid('dear', 2, { Memory: 9 }), afterMs: 5 }),
        new FakeBidder(time, 'small', { offer: bid('small', 1, { Memory: 1 }) }),
        new FakeBidder(time, 'cheap', { offer: bid('cheap', 1, { Memory: 9 }) }),
        new FakeBidder(time, 'full', { offer: decline('full', 128) }),
        new FakeBidder(time, 'ending', { error: new GridError('DRAINING', 'shutting down') }),
        new FakeBidder(time, 'broken', { error: new GridError('PLANT_LOST', 'the link ended') }),
        new FakeBidder(time, 'dead', { deaf: true }),
      ],
      { requirements: 'TARGET.Memory > 4', rank: 'TARGET.Memory' },
    );
    const { plan } = bid('any');
    const tieBreak = expect.any(Number);
    expect(auction.trail).toEqual({
      auctionId: 'auction-1',
      requestId: 'request-1',
      openedAt: '2026-01-01T00:00:00.000Z',
      deadlineMs: 1_000,
      closedBy: 'deadline',
      closedAfterMs: 1_000,
      answers: [
        { plantId: 'dear', outcome: 'bid', elapsedMs: 5, cost: 2, plan },
        { plantId: 'small', outcome: 'bid', elapsedMs: 0, cost: 1, plan },
        { plantId: 'cheap', outcome: 'bid', elapsedMs: 0, cost: 1, plan },
        { plantId: 'full', outcome: 'decline', elapsedMs: 0, code: 'MEMORY_INSUFFICIENT', message: 'lacks 128 MiB' },
        { plantId: 'ending', outcome: 'decline', elapsedMs: 0, code: 'DRAINING', message: 'shutting down' },
        { plantId: 'broken', outcome: 'failed', elapsedMs: 0, code: 'PLANT_LOST', message: 'the link ended' },
        { plantId: 'dead', outcome: 'silent', elapsedMs: 1_000 },
      ],
      summary: {
        asked: 7,
        bids: 3,
        silent: 1,
        failed: 1,
        declines: [
          { code: 'DRAINING', count: 1 },
          { code: 'MEMORY_INSUFFICIENT', count: 1 },
        ],
        removals: [{ rule: 'requirements', conditions: ['TARGET.Memory > 4'], count: 1 }],
      },
      removed: [
        {
          rule: 'requirements',
          plantId: 'small',
          reason: 'TARGET.Memory > 4 is false (TARGET.Memory = 1)',
          conditions: [{ text: 'TARGET.Memory > 4', value: 'false', references: { 'TARGET.Memory': '1' } }],
        },
      ],
      order: [
        { plantId: 'cheap', cost: 1, rank: 9, tieBreak },
        { plantId: 'dear', cost: 2, rank: 9, tieBreak },
      ],
      awards: [],
    });
    expect(auction.bids.map(({ plantId }) => plantId)).toEqual(['cheap', 'dear']);
    expect(auction.declines.map(({ plantId }) => plantId)).toEqual(['full', 'ending']);
    expect(failureOf(auction)).toBeUndefined();
    expect(validate(Trail, auction.trail)).toEqual(auction.trail);
  });

  test('shows requirements the production line of the bid as TARGET.Line', async () => {
    const { time, hold } = world();
    const bidders = [new FakeBidder(time, 'a', { offer: bid('a') })];
    expect((await hold(bidders, { requirements: 'TARGET.Line == "qemu"' })).bids).toHaveLength(1);
    expect((await hold(bidders, { requirements: 'TARGET.Line == "uml"' })).bids).toHaveLength(0);
  });

  test('waits the whole deadline for a silent plant a few times only, and again after a while', async () => {
    const { time, hold } = world();
    const bidders = [
      new FakeBidder(time, 'alive', { offer: bid('alive'), afterMs: 10 }),
      new FakeBidder(time, 'dead', { deaf: true }),
    ];
    const closings: number[] = [];
    for (let n = 0; n < 5; n++) closings.push((await hold(bidders)).trail.closedAfterMs);
    expect(closings).toEqual([1_000, 1_000, 1_000, 10, 10]);
    time.pass(60_000);
    expect((await hold(bidders)).trail.closedAfterMs).toBe(1_000);
    expect((await hold(bidders)).trail.closedAfterMs).toBe(10);
  });
});

describe('failureOf', () => {
  test('is NO_PLANTS when nobody is there', async () => {
    const { hold } = world();
    expect(failureOf(await hold([]))).toMatchObject({ code: 'NO_PLANTS' });
  });

  test('is NO_PLANTS, with the words of the brokers, when they say that they have none yet', async () => {
    const { time, hold } = world();
    const none = new FakeBidder(time, 'young', { error: new GridError('NO_PLANTS', 'young has no plant yet') });
    const broker = { ...none, hello: { ...none.hello, role: 'broker' as const }, call: none.call.bind(none) };
    const auction = await hold([broker]);
    expect(failureOf(auction)).toMatchObject({
      ...{ code: 'NO_PLANTS', message: 'no plant is connected: young has no plant yet' },
    });
    expect(failureOf({ ...auction, absent: ['a', 'b', 'c', 'd'] })).toMatchObject({
      message: 'no plant is connected: a, b, c and 1 more have not come back yet',
      details: { absent: ['a', 'b', 'c', 'd'] },
    });
  });

  test('is NO_BIDS when a broker is silent, since nobody knows whether it has plants', async () => {
    const { time, hold } = world();
    const mute = new FakeBidder(time, 'mute', { deaf: true });
    const broker: Bidder = {
      plantId: 'mute',
      hello: { ...mute.hello, role: 'broker' },
      call: (method, call, options) => mute.call(method, call, options),
    };
    expect(failureOf(await hold([broker]))).toMatchObject({
      code: 'NO_BIDS',
      message: '0 plants made no bid: the broker mute silent',
    });
  });

  test('is NO_BIDS with the declines by code, the nearest miss, and the silent', async () => {
    const { time, hold } = world();
    const auction = await hold([
      new FakeBidder(time, 'a', { offer: decline('a', 512) }),
      new FakeBidder(time, 'b', { offer: decline('b', 128) }),
      new FakeBidder(time, 'c', { error: new GridError('DRAINING', 'shutting down') }),
      new FakeBidder(time, 'd', { error: new GridError('PLANT_LOST', 'the link ended') }),
      new FakeBidder(time, 'e', { deaf: true }),
    ]);
    expect(failureOf(auction)).toMatchObject({
      code: 'NO_BIDS',
      message:
        '5 plants made no bid: 2 MEMORY_INSUFFICIENT (nearest b: lacks 128 MiB), 1 DRAINING (shutting down), 1 failed with PLANT_LOST, 1 silent',
      details: {
        declines: [
          { plantId: 'a', code: 'MEMORY_INSUFFICIENT', details: { lacking: 512 } },
          { plantId: 'b', code: 'MEMORY_INSUFFICIENT', details: { lacking: 128 } },
          { plantId: 'c', code: 'DRAINING' },
        ],
        failed: [{ plantId: 'd', code: 'PLANT_LOST' }],
        silent: ['e'],
        trail: auction.trail,
      },
    });
  });

  test('is NO_PLANT_MATCHES with the values when the requirements removed every bid', async () => {
    const { time, hold } = world();
    const auction = await hold([new FakeBidder(time, 'a', { offer: bid('a', 1, { Gpu: 0 }) })], {
      requirements: 'TARGET.Gpu > 0',
    });
    expect(failureOf(auction)).toMatchObject({
      code: 'NO_PLANT_MATCHES',
      message:
        '1 plant bids but does not meet the requirements: a: TARGET.Gpu > 0 is false (TARGET.Gpu = 0). 1 plant bids but does not meet TARGET.Gpu > 0; smallest change: TARGET.Gpu >= 0 (a)',
    });
  });
});

describe('the expressions of an auction', () => {
  /** More steps than one plant may take; no plant meets it. */
  const costly = `${'replaceAll("a", '.repeat(3)}"${'a'.repeat(60)}"${`, "${'a'.repeat(60)}")`.repeat(3)} == ""`;
  const bidding = (time: VirtualTime, count: number) =>
    Array.from(
      { length: count },
      (_, index) => new FakeBidder(time, `plant-${index}`, { offer: bid(`plant-${index}`) }),
    );

  test('take so many steps at one plant, which then does not meet them', async () => {
    const { time, hold } = world();
    const { trail } = await hold(bidding(time, 1), { requirements: costly });
    expect(trail.removed).toMatchObject([
      { rule: 'requirements', reason: expect.stringContaining(`more than ${EXPRESSION_LIMITS.stepsAtOnce} steps`) },
    ]);
  });

  test.each(['requirements', 'rank'])(
    '%s that cost more at all plants together than an auction may end it',
    async (which) => {
      const { time, hold } = world();
      await expect(hold(bidding(time, 20), { [which]: costly })).rejects.toMatchObject({
        code: 'EXPRESSION_TOO_COSTLY',
        details: { steps: EXPRESSION_LIMITS.steps + 20 * EXPRESSION_LIMITS.stepsOfCandidate },
      });
    },
  );

  const conditions = Array.from({ length: 50 }, (_, index) => `TARGET.Gpus > ${index}`).join(' && ');

  test.each([
    ['a plant', 50, { rank: '1' }],
    ['a condition that a plant does not meet', 1, { requirements: conditions }],
  ])('are worked out in slices: after %s all else may have its turn', async (_, plants, wanted) => {
    const time = new VirtualTime();
    let ms = 0;
    const clock = { now: () => time.now(), monotonic: () => (ms += 100), sleep: time.sleep.bind(time) };
    const deps: MarketDeps = { clock, memory: new PlantFailureHistory(time), newAuctionId: () => 'auction-1' };
    let turns = 0;
    const turn = () => {
      turns += 1;
      setImmediate(turn).unref();
    };
    turn();
    const bidders = bidding(time, plants);
    await holdAuction({ request: { ...request, ...wanted }, bidders }, deps, { bidWindowMs: 1_000 });
    expect(turns).toBeGreaterThanOrEqual(50);
  });
});
