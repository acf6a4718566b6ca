import { describe, expect, test } from '@jest/globals';
import { type Bid, type ErrorCode, GridError } from '@vmgrid/protocol';
import {
  type Auction,
  award,
  beforeAsking,
  DECLINE_CODES,
  MARKET_LIMITS,
  PlantFailureHistory,
  plantNeverAsked,
} from '../../src/index.ts';
import { bid, request } from '../bidders.ts';
import { VirtualTime } from '../virtual-time.ts';

const auctionOf = (...plantIds: string[]): Auction => ({
  bids: plantIds.map((plantId) => bid(plantId)),
  declines: [],
  trail: {
    auctionId: 'auction-1',
    requestId: request.requestId,
    openedAt: '2026-01-01T00:00:00.000Z',
    deadlineMs: 1_000,
    closedBy: 'all-answered',
    closedAfterMs: 1,
    summary: { asked: plantIds.length, bids: plantIds.length, silent: 0, failed: 0, declines: [], removals: [] },
    answers: plantIds.map((plantId) => ({ plantId, outcome: 'bid', elapsedMs: 1 })),
    removed: [],
    order: [],
    awards: [],
  },
});

const vm = { VmId: 'vm-1' };
const full = new GridError('MEMORY_INSUFFICIENT', 'lacks 128 MiB', { lacking: 128 });

/** Awards to plants that answer as said; a plant of which nothing is said makes the VM. */
function awardTo(
  plantIds: string[],
  answers: Record<string, unknown>,
  memory = new PlantFailureHistory(new VirtualTime()),
) {
  const asked: string[] = [];
  const createAt = async ({ plantId }: { plantId: string }) => {
    asked.push(plantId);
    if (plantId in answers) throw answers[plantId];
    return vm;
  };
  const awarding = award(auctionOf(...plantIds), { createAt, memory, clock: new VirtualTime() });
  return { asked, awarding, memory };
}

describe('award', () => {
  test('goes to the best bid', async () => {
    const { asked, awarding } = awardTo(['a', 'b'], {});
    expect(await awarding).toMatchObject({
      plantId: 'a',
      ad: vm,
      trail: { awards: [{ plantId: 'a', outcome: 'accepted' }] },
    });
    expect(asked).toEqual(['a']);
  });

  test('goes to the next bid when the plant refuses', async () => {
    const { awarding } = awardTo(['a', 'b'], { a: full });
    const { plantId, trail } = await awarding;
    expect(plantId).toBe('b');
    expect(trail.awards).toEqual([
      { plantId: 'a', outcome: 'refused', code: 'MEMORY_INSUFFICIENT', message: 'lacks 128 MiB' },
      { plantId: 'b', outcome: 'accepted' },
    ]);
  });

  test.each([...DECLINE_CODES])('takes %s for a refusal', async (code) => {
    const { awarding } = awardTo(['a', 'b'], { a: new GridError(code, 'no') });
    expect((await awarding).plantId).toBe('b');
  });

  test.each<ErrorCode>(['ACTION_FAILED', 'PLANT_LOST', 'DEADLINE_EXCEEDED', 'VMM_FAILED', 'INTERNAL', 'CANCELLED'])(
    'stops at %s, with the trail: the plant may have made the VM, and one request never becomes two',
    async (code) => {
      const error = new GridError(code, 'what happened', { exitCode: 1 });
      const { asked, awarding } = awardTo(['a', 'b', 'c'], { a: full, b: error });
      await expect(awarding).rejects.toMatchObject({
        code,
        message: 'what happened',
        cause: error,
        details: {
          exitCode: 1,
          trail: { awards: [{ outcome: 'refused' }, { plantId: 'b', outcome: 'failed', code }] },
        },
      });
      expect(asked).toEqual(['a', 'b']);
    },
  );

  test('replaces a lost plant only when it was never asked', async () => {
    const { awarding } = awardTo(['a', 'b'], { a: plantNeverAsked('a') });
    expect((await awarding).plantId).toBe('b');
  });

  test('goes to the next bid when the plant failed at work before the award', async () => {
    const { awarding, memory } = awardTo(['a', 'b'], { a: beforeAsking(new GridError('INTERNAL', 'what happened')) });
    const { plantId, trail } = await awarding;
    expect(plantId).toBe('b');
    expect(trail.awards[0]).toMatchObject({ plantId: 'a', outcome: 'refused', code: 'INTERNAL' });
    expect(memory.allInBackoff(1)).toEqual([]);
  });

  test('stops at a plant that keeps the failed machine, whatever its code: it took the request', async () => {
    const { awarding } = awardTo(['a', 'b'], { a: new GridError('OVERLOADED', 'too much', { keptVmId: 'vm-1' }) });
    await expect(awarding).rejects.toMatchObject({ code: 'OVERLOADED', details: { keptVmId: 'vm-1' } });
  });

  describe('when bids have expired', () => {
    const lateAward = (attempts: number, ...bids: Bid[]) => {
      const clock = new VirtualTime();
      clock.pass(60_001);
      const auction = { ...auctionOf(), bids };
      return award(auction, { createAt: async () => vm, memory: new PlantFailureHistory(clock), clock }, { attempts });
    };
    const expired = bid('a');
    const valid = { ...bid('b'), validUntil: '2026-01-01T00:02:00.000Z' };
    const message = 'the bid was valid until 2026-01-01T00:01:00.000Z; it is 2026-01-01T00:01:00.001Z';

    test('passes them over, and they are none of the plants asked', async () => {
      const { plantId, trail } = await lateAward(1, expired, valid);
      expect(plantId).toBe('b');
      expect(trail.awards).toEqual([
        { plantId: 'a', outcome: 'refused', code: 'BID_EXPIRED', message },
        { plantId: 'b', outcome: 'accepted' },
      ]);
    });

    test('is AWARD_REFUSED when that is all there was', async () => {
      await expect(lateAward(3, expired)).rejects.toMatchObject({
        code: 'AWARD_REFUSED',
        details: { refusals: [{ plantId: 'a', code: 'BID_EXPIRED' }], untried: 0 },
      });
    });

    test('asks a plant that holds the VM of this request all the same', async () => {
      expect((await lateAward(1, { ...expired, holds: true })).plantId).toBe('a');
    });
  });

  test('stops with INTERNAL at what is no GridError', async () => {
    const { awarding } = awardTo(['a', 'b'], { a: new TypeError('a bug') });
    await expect(awarding).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  test('is AWARD_REFUSED after a few refusals, each with its numbers', async () => {
    const { asked, awarding } = awardTo(['a', 'b', 'c', 'd'], { a: full, b: full, c: full });
    await expect(awarding).rejects.toMatchObject({
      code: 'AWARD_REFUSED',
      message: expect.stringContaining('1 more bid was not tried, the limit is 3 awards'),
      details: {
        refusals: ['a', 'b', 'c'].map((plantId) => ({
          plantId,
          code: 'MEMORY_INSUFFICIENT',
          details: { lacking: 128 },
        })),
        untried: 1,
        trail: { awards: [{ plantId: 'a' }, { plantId: 'b' }, { plantId: 'c' }] },
      },
    });
    expect(asked).toHaveLength(MARKET_LIMITS.awardAttempts);
  });

  test('is NO_BIDS when nobody bid', async () => {
    const auction = { ...auctionOf('a'), bids: [] };
    const memory = new PlantFailureHistory(new VirtualTime());
    await expect(award(auction, { createAt: async () => vm, memory, clock: new VirtualTime() })).rejects.toMatchObject({
      code: 'NO_BIDS',
    });
  });

  test('asks nobody once it is given up', async () => {
    const memory = new PlantFailureHistory(new VirtualTime());
    const awarding = award(
      auctionOf('a'),
      { createAt: async () => vm, memory, clock: new VirtualTime() },
      { signal: AbortSignal.abort() },
    );
    await expect(awarding).rejects.toMatchObject({ code: 'CANCELLED', details: { trail: { awards: [] } } });
  });
});

describe('the memory of plants', () => {
  const memoryAfter = async (error: unknown) => {
    const { awarding, memory } = awardTo(['a'], { a: error });
    await awarding.catch(() => {});
    return memory;
  };

  test('holds a plant back that took an award and failed', async () => {
    const memory = await memoryAfter(new GridError('VMM_FAILED', 'no KVM'));
    expect(memory.allInBackoff(9)).toMatchObject([{ plantId: 'a', failures: 1, lastCode: 'VMM_FAILED' }]);
  });

  test("holds against a plant neither a refusal nor the client's own failing action", async () => {
    expect((await memoryAfter(full)).allInBackoff(9)).toEqual([]);
    expect((await memoryAfter(new GridError('ACTION_FAILED', 'exit 1'))).allInBackoff(9)).toEqual([]);
  });

  test('holds back twice as long after each failure, and forgets all after a success', () => {
    const time = new VirtualTime();
    const memory = new PlantFailureHistory(time);
    const fault = new GridError('VMM_FAILED', 'no KVM');
    const heldMs = () => {
      memory.failed('a', fault);
      return memory.allInBackoff(9)[0]!.backoffUntil - time.now();
    };
    expect([heldMs(), heldMs(), heldMs()]).toEqual([30_000, 60_000, 120_000]);
    time.pass(120_000);
    expect(memory.allInBackoff(9)).toEqual([]);
    memory.succeeded('a');
    expect(heldMs()).toBe(30_000);
  });

  test('holds back for ten minutes at most', () => {
    const memory = new PlantFailureHistory({ now: () => 0 });
    for (let n = 0; n < 2_000; n++) memory.failed('a', new GridError('VMM_FAILED', 'no KVM'));
    expect(memory.allInBackoff(9)[0]!.backoffUntil).toBe(600_000);
  });
});
