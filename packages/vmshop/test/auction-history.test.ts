import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Trail } from '@vmgrid/protocol';
import { AuctionHistory } from '../src/auction-history.ts';

const trailOf = (auctionId: string, requestId = 'request-1'): Trail => ({
  ...{ auctionId, requestId, openedAt: '2026-01-01T00:00:00.000Z', deadlineMs: 1_000 },
  ...{ closedBy: 'all-answered', closedAfterMs: 1, answers: [], removed: [], order: [], awards: [] },
  summary: { asked: 0, bids: 0, silent: 0, failed: 0, declines: [], removals: [] },
});

let folder: string;
const open = (limits: { kept?: number; keptBytes?: number } = {}) =>
  new AuctionHistory({ file: join(folder, 'auctions.sqlite'), kept: 100, keptBytes: 1_000_000, ...limits });
const idsIn = (history: AuctionHistory) => history.list({ most: 100 }).auctions.map(({ auctionId }) => auctionId);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auctions-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('a shop that was started again still has its auctions, as they last were', () => {
  const history = open();
  history.keep(trailOf('a'));
  const awarded: Trail = { ...trailOf('a'), awards: [{ plantId: 'plant-1', outcome: 'accepted' }] };
  history.keep(awarded);
  expect(history.get('a')).toEqual(awarded);
  history.close();
  const again = open();
  expect(again.get('a')).toEqual(awarded);
  expect(again.list({ most: 1 }).auctions).toMatchObject([{ auctionId: 'a', winner: 'plant-1' }]);
  again.close();
});

test('the oldest go when there are more than may be kept, or they take more room', () => {
  const history = open({ kept: 2 });
  for (const id of ['a', 'b', 'c']) history.keep(trailOf(id));
  expect(idsIn(history)).toEqual(['c', 'b']);
  expect(() => history.get('a')).toThrow(
    expect.objectContaining({ code: 'AUCTION_UNKNOWN', message: 'no auction a is known here; the last 2 are kept' }),
  );
  history.close();
  const narrow = open({ keptBytes: JSON.stringify(trailOf('a')).length * 1.5 });
  narrow.keep(trailOf('d'));
  expect(idsIn(narrow)).toEqual(['d']);
  narrow.close();
});

test('auctions are listed by request, the newest first', () => {
  const history = open();
  history.keep(trailOf('a', 'one'));
  history.keep(trailOf('b', 'two'));
  history.keep(trailOf('c', 'one'));
  expect(history.list({ requestId: 'one', most: 9 }).auctions.map(({ auctionId }) => auctionId)).toEqual(['c', 'a']);
  history.close();
});

test('two shops do not share a state directory', () => {
  const history = open();
  expect(() => open()).toThrow(expect.objectContaining({ code: 'STATE_LOCKED' }));
  history.close();
});
