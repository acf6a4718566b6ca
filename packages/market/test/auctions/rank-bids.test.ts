import { describe, expect, test } from '@jest/globals';
import { ClassAd, parseExpression } from '@vmgrid/classad';
import { type Bid, requestAd } from '@vmgrid/protocol';
import fc from 'fast-check';
import { FILTER_RULES, judgeOfBids, ORDER_RULES, type RuleContext, rankBids } from '../../src/index.ts';
import { bid, request } from '../bidders.ts';

const parsed = (text?: string) => (text === undefined ? undefined : parseExpression(text));
const contextOf = (terms: { requirements?: string; rank?: string } = {}, requestId = 'request-1'): RuleContext => ({
  requestId,
  judge: judgeOfBids({ requirements: parsed(terms.requirements), rank: parsed(terms.rank) }, ({ ad }) => {
    return { my: requestAd(request), target: ClassAd.of(ad as Record<string, number>) };
  }).judge,
  inBackoff: () => undefined,
  order: 'cheapest',
});

const winners = (bids: readonly Bid[], context = contextOf()) => rankBids(bids, context).bids.map((one) => one.plantId);

describe('the order of bids', () => {
  test('a plant that has the VM of the request already wins whatever it costs and whatever is required of it', () => {
    const holder = { ...bid('a', 9, { Free: 0 }), holds: true };
    const ranked = rankBids([bid('b', 1, { Free: 5 }), holder], contextOf({ requirements: 'TARGET.Free > 1' }));
    expect(ranked.bids).toEqual([holder]);
    expect(ranked.removed).toEqual([
      { rule: 'already-has-vm', plantId: 'b', reason: 'a has the VM of this request already' },
    ]);
  });

  test('is by cost, the least first', () => {
    expect(winners([bid('a', 1), bid('b', 0.5), bid('c', -1)])).toEqual(['c', 'b', 'a']);
  });

  test('is by rank among equal costs, the greatest first, where what is no number counts as 0', () => {
    const bids = [
      bid('busy', 1, { Load: 2 }),
      bid('mute', 1),
      bid('idle', 1, { Load: -1 }),
      bid('dear', 2, { Load: -9 }),
    ];
    const { order } = rankBids(bids, contextOf({ rank: '-TARGET.Load' }));
    expect(order.map(({ plantId, rank }) => [plantId, rank])).toEqual([
      ['idle', 1],
      ['mute', 0],
      ['busy', -2],
      ['dear', 9],
    ]);
  });

  test('is by expected seconds where the soonest is wanted, whatever it costs', () => {
    const late = { ...bid('late', 0), plan: { ...bid('late').plan, expectedSeconds: 9 } };
    expect(winners([late, bid('soon', 5)], { ...contextOf(), order: 'soonest' })).toEqual(['soon', 'late']);
  });

  test('among equals depends on the request: each plant wins its share', () => {
    const bids = ['a', 'b', 'c', 'd'].map((plantId) => bid(plantId));
    const wins = new Map<string, number>();
    for (let n = 0; n < 1_000; n++) {
      const [first] = winners(bids, contextOf({}, `request-${n}`));
      wins.set(first!, (wins.get(first!) ?? 0) + 1);
    }
    expect([...wins.values()].every((count) => count > 200 && count < 300)).toBe(true);
  });

  test('is the same in whatever order the bids came', () => {
    const bids = fc
      .uniqueArray(fc.nat(50), { maxLength: 8 })
      .chain((ids) =>
        fc.tuple(
          ...ids.map((id) => fc.tuple(fc.nat(2), fc.nat(2)).map(([cost, load]) => bid(`p${id}`, cost, { Load: load }))),
        ),
      );
    const property = fc.property(bids, fc.infiniteStream(fc.nat()), (came, dice) => {
      const shuffled = came
        .map((one) => ({ one, key: dice.next().value! }))
        .sort((a, b) => a.key - b.key)
        .map(({ one }) => one);
      const context = contextOf({ rank: '-TARGET.Load' });
      expect(rankBids(shuffled, context).order).toEqual(rankBids(came, context).order);
      expect(new Set(winners(came)).size).toBe(came.length);
    });
    fc.assert(property, { numRuns: 300 });
  });
});

describe('the rule `requirements`', () => {
  const bids = [bid('small', 1, { FreeMemoryMiB: 256 }), bid('large', 2, { FreeMemoryMiB: 1024 }), bid('mute', 0)];

  test('removes the plants that do not meet them, and shows the values', () => {
    const result = rankBids(bids, contextOf({ requirements: 'TARGET.FreeMemoryMiB >= 2 * MY.MemoryMiB' }));
    expect(result.bids.map(({ plantId }) => plantId)).toEqual(['large']);
    expect(result.removed).toMatchObject([
      {
        rule: 'requirements',
        plantId: 'small',
        reason: 'TARGET.FreeMemoryMiB >= 2 * MY.MemoryMiB is false (TARGET.FreeMemoryMiB = 256, MY.MemoryMiB = 256)',
      },
      {
        rule: 'requirements',
        plantId: 'mute',
        reason:
          'TARGET.FreeMemoryMiB >= 2 * MY.MemoryMiB is undefined (TARGET.FreeMemoryMiB = undefined, MY.MemoryMiB = 256)',
      },
    ]);
  });

  test('removes a plant for which they are an error', () => {
    const { removed } = rankBids([bids[0]!], contextOf({ requirements: 'TARGET.FreeMemoryMiB / 0 > 1' }));
    expect(removed[0]!.reason).toContain('is error: ');
  });

  test('names only the conditions that fail', () => {
    const { removed } = rankBids([bids[0]!], contextOf({ requirements: 'true && TARGET.FreeMemoryMiB > 999' }));
    expect(removed[0]!.reason).toBe('TARGET.FreeMemoryMiB > 999 is false (TARGET.FreeMemoryMiB = 256)');
  });

  test('tells each failed condition with what its references stood for', () => {
    const { removed } = rankBids([bids[0]!], contextOf({ requirements: 'TARGET.FreeMemoryMiB > 999 && MY.Cpus == 1' }));
    expect(removed[0]!.conditions).toEqual([
      { text: 'TARGET.FreeMemoryMiB > 999', value: 'false', references: { 'TARGET.FreeMemoryMiB': '256' } },
    ]);
  });

  test('removes nobody when there are none', () => {
    expect(rankBids(bids, contextOf()).removed).toEqual([]);
  });
});

describe('the rule `recently-failed`', () => {
  const record = { plantId: 'bad', failures: 2, lastCode: 'VMM_FAILED', backoffUntil: Date.UTC(2026, 0, 1) } as const;
  const held: RuleContext = {
    ...contextOf(),
    inBackoff: ({ plantId }) => (plantId.startsWith('bad') ? record : undefined),
  };

  test('holds a failing plant back though it is the cheapest', () => {
    const result = rankBids([bid('bad', 0), bid('good', 1)], held);
    expect(result.bids.map(({ plantId }) => plantId)).toEqual(['good']);
    expect(result.removed).toEqual([
      {
        rule: 'recently-failed',
        plantId: 'bad',
        reason: 'failed 2 times in a row, last with VMM_FAILED; in backoff until 2026-01-01T00:00:00.000Z',
      },
    ]);
  });

  test('lets failing plants bid when there are no others', () => {
    expect(winners([bid('bad-1', 1), bid('bad-2', 0)], held)).toEqual(['bad-2', 'bad-1']);
  });

  test('counts as others only plants that meet the requirements', () => {
    const context = { ...contextOf({ requirements: 'TARGET.Ok' }), inBackoff: held.inBackoff };
    expect(winners([bid('bad', 1, { Ok: true }), bid('good', 0, { Ok: false })], context)).toEqual(['bad']);
  });
});

test('every rule has a name of its own and says why it is there', () => {
  const rules = [...FILTER_RULES, ...new Set(Object.values(ORDER_RULES).flat())];
  expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length);
  expect(rules.every(({ why }) => why.endsWith('.'))).toBe(true);
});
