import { expect, test } from '@jest/globals';
import type { Trail } from '@vmgrid/protocol';
import { boundedTrail } from '../../src/auctions/bounded-trail.ts';
import { NO_ANSWERS } from '../../src/auctions/summary.ts';
import { MARKET_LIMITS } from '../../src/limits.ts';

const MOST = MARKET_LIMITS.trailEntries;
const names = (count: number) => Array.from({ length: count }, (_, number) => `plant-${number}`);

/** Makes the trail of plants that answered in one order and were ranked in the reverse one. */
const trailOf = (count: number): Trail => ({
  ...{ auctionId: 'auction-1', requestId: 'request-1', openedAt: '2026-01-01T00:00:00Z', deadlineMs: 1 },
  ...{ closedBy: 'all-answered', closedAfterMs: 1, awards: [] },
  summary: { ...NO_ANSWERS, asked: 2 * count, bids: 2 * count },
  answers: names(count).map((plantId) => ({ plantId, outcome: 'silent', elapsedMs: 1 })),
  removed: names(count).map((plantId) => ({ rule: 'requirements', plantId, reason: 'too old' })),
  order: names(count)
    .reverse()
    .map((plantId) => ({ plantId, cost: 1, rank: 0, tieBreak: 0 })),
});

test('a trail within the limit is left as it is', () => {
  const trail = trailOf(MOST);
  expect(boundedTrail(trail)).toBe(trail);
});

test('a longer one names the best placed with their answers, and still counts all', () => {
  const trail = trailOf(MOST + 5);
  const { answers, order, removed, summary } = boundedTrail(trail);
  const best = names(MOST + 5).slice(5);
  expect(order.map(({ plantId }) => plantId)).toEqual(best.toReversed());
  expect(answers.map(({ plantId }) => plantId)).toEqual(best);
  expect(removed).toEqual(trail.removed.slice(0, MOST));
  expect(summary).toEqual(trail.summary);
});

test('where few bid, the answers of others fill the trail', () => {
  const trail = { ...trailOf(MOST + 5), order: trailOf(MOST + 5).order.slice(0, 1) };
  const { answers } = boundedTrail(trail);
  expect(answers).toHaveLength(MOST);
  expect(answers[0]!.plantId).toBe(trail.order[0]!.plantId);
});
