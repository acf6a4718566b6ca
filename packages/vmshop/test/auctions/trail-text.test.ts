import { expect, test } from '@jest/globals';
import type { Trail } from '@vmgrid/protocol';
import { createReply, trailText } from '../../src/auctions/trail-text.ts';

const trail: Trail = {
  ...{ auctionId: 'a', requestId: 'one', openedAt: '2026-01-01T00:00:00.000Z', deadlineMs: 1_000 },
  ...{ closedBy: 'all-answered', closedAfterMs: 1, answers: [], removed: [], order: [], awards: [] },
  summary: { asked: 0, bids: 0, silent: 0, failed: 0, declines: [], removals: [] },
};
const made = { requestId: 'one', vm: { VmId: 'vm-1', Text: '"}' } };

test('a reply is the same as text, as JSON and as an object, also with another VM', () => {
  const reply = createReply(made, trail) as ReturnType<typeof createReply> & { toText(): string };
  expect(JSON.parse(reply.toText())).toEqual({ ...made, trail });
  expect(reply.toText()).toBe(JSON.stringify(reply));
  expect({ ...reply, vm: {} }).toEqual({ requestId: 'one', vm: {}, trail });
  expect(reply).toEqual({ ...made, trail });
});

test('a trail is written as text once', () => {
  const asked: string[] = [];
  const counted = Object.defineProperty({ ...trail }, 'toJSON', { value: () => asked.push('once') && trail });
  expect([trailText(counted), trailText(counted)]).toEqual([JSON.stringify(trail), JSON.stringify(trail)]);
  expect(asked).toEqual(['once']);
});
