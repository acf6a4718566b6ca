import { describe, expect, test } from '@jest/globals';
import { GridError } from '@vmgrid/protocol';
import fc from 'fast-check';
import { type CallForBids, callForBids } from '../../src/index.ts';
import { bid, decline, FakeBidder, request } from '../bidders.ts';
import { VirtualTime } from '../virtual-time.ts';

const call = (bidders: readonly FakeBidder[], more: Partial<CallForBids> = {}): CallForBids => ({
  bidders,
  callTo: () => request,
  deadlineMs: 1_000,
  isAwaited: () => true,
  ...more,
});

describe('callForBids', () => {
  test('closes as soon as all have answered', async () => {
    const time = new VirtualTime();
    const quick = new FakeBidder(time, 'quick', { offer: bid('quick'), afterMs: 10 });
    const slow = new FakeBidder(time, 'slow', { offer: decline('slow', 1), afterMs: 300 });
    expect(await time.until(callForBids(call([slow, quick]), time))).toEqual({
      closedBy: 'all-answered',
      closedAfterMs: 300,
      answers: [
        { plantId: 'slow', outcome: 'offer', offer: decline('slow', 1), elapsedMs: 300 },
        { plantId: 'quick', outcome: 'offer', offer: bid('quick'), elapsedMs: 10 },
      ],
    });
    expect(time.sleeping).toBe(0);
  });

  test('loses no more than the deadline to a dead bidder, and cancels its call', async () => {
    const time = new VirtualTime();
    const dead = new FakeBidder(time, 'dead', { deaf: true });
    const alive = new FakeBidder(time, 'alive', { offer: bid('alive'), afterMs: 10 });
    expect(await time.until(callForBids(call([dead, alive]), time))).toMatchObject({
      closedBy: 'deadline',
      closedAfterMs: 1_000,
      answers: [{ plantId: 'dead', outcome: 'silent', elapsedMs: 1_000 }, { outcome: 'offer' }],
    });
    expect(dead.calls[0]!.options.signal!.aborted).toBe(true);
    expect(dead.calls[0]!.options.deadlineMs).toBeGreaterThan(1_000);
  });

  test('ignores an answer that comes after the close', async () => {
    const time = new VirtualTime();
    const late = new FakeBidder(time, 'late', { offer: bid('late'), afterMs: 1_001 });
    const gathering = await time.until(callForBids(call([late]), time));
    expect(gathering.answers).toEqual([{ plantId: 'late', outcome: 'silent', elapsedMs: 1_000 }]);
  });

  test('takes a failing bidder for an answer', async () => {
    const time = new VirtualTime();
    const lost = new GridError('PLANT_LOST', 'the link ended');
    const bidders = [
      new FakeBidder(time, 'lost', { error: lost, afterMs: 5 }),
      new FakeBidder(time, 'broken', { error: new TypeError('a bug') }),
      new FakeBidder(time, 'liar', { offer: bid('another') }),
      new FakeBidder(time, 'infinite', { offer: bid('infinite', Number.POSITIVE_INFINITY) }),
      new FakeBidder(time, 'garbled', { offer: bid('garbled', 1, { Name: '\0' }) }),
    ];
    const { closedBy, answers } = await time.until(callForBids(call(bidders), time));
    expect(closedBy).toBe('all-answered');
    expect(answers.map((answer) => answer.outcome === 'failed' && answer.error.code)).toEqual([
      'PLANT_LOST',
      'INTERNAL',
      'LINK_PROTOCOL',
      'LINK_PROTOCOL',
      'LINK_PROTOCOL',
    ]);
  });

  test('does not wait for bidders that are not awaited, but takes what they say in time', async () => {
    const time = new VirtualTime();
    const bidders = [
      new FakeBidder(time, 'awaited', { offer: bid('awaited'), afterMs: 20 }),
      new FakeBidder(time, 'back', { offer: bid('back'), afterMs: 10 }),
      new FakeBidder(time, 'gone', { deaf: true }),
    ];
    const isAwaited = (plantId: string) => plantId === 'awaited';
    expect(await time.until(callForBids(call(bidders, { isAwaited }), time))).toMatchObject({
      closedBy: 'all-answered',
      closedAfterMs: 20,
      answers: [{ outcome: 'offer' }, { outcome: 'offer' }, { outcome: 'silent' }],
    });
  });

  test('waits for all when none is awaited', async () => {
    const time = new VirtualTime();
    const bidders = [new FakeBidder(time, 'back', { offer: bid('back'), afterMs: 10 })];
    const gathering = await time.until(callForBids(call(bidders, { isAwaited: () => false }), time));
    expect(gathering.answers).toMatchObject([{ outcome: 'offer' }]);
  });

  test('closes at once when there is nobody to ask', async () => {
    const time = new VirtualTime();
    expect(await time.until(callForBids(call([]), time))).toEqual({
      closedBy: 'all-answered',
      closedAfterMs: 0,
      answers: [],
    });
  });

  test('ends with CANCELLED, and cancels its calls, when it is given up', async () => {
    const time = new VirtualTime();
    const giveUp = new AbortController();
    const dead = new FakeBidder(time, 'dead', { deaf: true });
    const calling = callForBids(call([dead], { signal: giveUp.signal }), time);
    giveUp.abort(new Error('the client left'));
    await expect(calling).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(dead.calls[0]!.options.signal!.aborted).toBe(true);
    await expect(callForBids(call([dead], { signal: giveUp.signal }), time)).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    expect(dead.calls).toHaveLength(1);
  });

  test('never stays open longer than its deadline, whoever answers when', async () => {
    const delays = fc.array(fc.option(fc.nat(3_000)), { maxLength: 6 });
    const property = fc.asyncProperty(delays, fc.integer({ min: 1, max: 2_000 }), async (afterMs, deadlineMs) => {
      const time = new VirtualTime();
      const bidders = afterMs.map((ms, index) => {
        const plantId = `p${index}`;
        return new FakeBidder(time, plantId, ms === null ? { deaf: true } : { offer: bid(plantId), afterMs: ms });
      });
      const gathering = await time.until(callForBids(call(bidders, { deadlineMs }), time));
      const slowest = afterMs.reduce<number>((most, ms) => Math.max(most, ms ?? Number.POSITIVE_INFINITY), 0);
      expect(gathering.closedAfterMs).toBe(Math.min(slowest, deadlineMs));
      expect(gathering.answers).toHaveLength(afterMs.length);
      expect(time.sleeping).toBe(0);
    });
    await fc.assert(property, { numRuns: 200 });
  });
});
