/** @unshared */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Trail } from '@vmgrid/protocol';
import { SmallDisk, WHY_NO_SMALL_DISK } from '@vmgrid/test-support/hosts/small-disk.ts';
import { testUnless } from '@vmgrid/test-support/jest/test-unless.ts';
import { AuctionHistory } from '../../src/auctions/auction-history.ts';

const trailOf = (auctionId: string, requestId = 'request-1'): Trail => ({
  ...{ auctionId, requestId, openedAt: '2026-01-01T00:00:00.000Z', deadlineMs: 1_000 },
  ...{ closedBy: 'all-answered', closedAfterMs: 1, answers: [], removed: [], order: [], awards: [] },
  summary: { asked: 0, bids: 0, silent: 0, failed: 0, declines: [], removals: [] },
});

let folder: string;
const ALL = { owner: 'operator', sees: 'all' } as const;
const open = (limits: { kept?: number; keptBytes?: number } = {}) =>
  new AuctionHistory({ file: join(folder, 'auctions.sqlite'), kept: 100, keptBytes: 1_000_000, ...limits });
const idsIn = (history: AuctionHistory) =>
  history.list({ caller: ALL, limit: 100 }).auctions.map(({ auctionId }) => auctionId);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auctions-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('a shop that was started again still has its auctions, as they last were', () => {
  const history = open();
  history.keep(trailOf('a'), 'ada');
  const awarded: Trail = { ...trailOf('a'), awards: [{ plantId: 'plant-1', outcome: 'accepted' }] };
  history.keep(awarded, 'ada');
  expect(history.get({ auctionId: 'a', caller: ALL })).toEqual(awarded);
  history.close();
  const again = open();
  expect(again.get({ auctionId: 'a', caller: ALL })).toEqual(awarded);
  expect(again.list({ caller: ALL, limit: 1 }).auctions).toMatchObject([{ auctionId: 'a', winner: 'plant-1' }]);
  again.close();
});

test('the oldest go when there are more than may be kept, or they take more room', () => {
  const history = open({ kept: 2 });
  for (const id of ['a', 'b', 'c']) history.keep(trailOf(id), 'ada');
  expect(idsIn(history)).toEqual(['c', 'b']);
  expect(() => history.get({ auctionId: 'a', caller: ALL })).toThrow(
    expect.objectContaining({ code: 'AUCTION_UNKNOWN', message: 'no auction a is known here; the last 2 are kept' }),
  );
  history.close();
  const narrow = open({ keptBytes: JSON.stringify(trailOf('a')).length * 1.5 });
  narrow.keep(trailOf('d'), 'ada');
  expect(idsIn(narrow)).toEqual(['d']);
  narrow.close();
});

test('what is kept is counted rightly over changes, restarts and a smaller limit', () => {
  const history = open({ kept: 3 });
  for (const id of ['a', 'b', 'a', 'c']) {
    history.keep({ ...trailOf(id), closedAfterMs: id.charCodeAt(0) }, 'ada');
    expect(idsIn(history)).toContain(id); // each is written
  }
  expect(idsIn(history)).toEqual(['c', 'b', 'a']);
  history.close();
  const smaller = open({ kept: 2 });
  smaller.keep(trailOf('d'), 'ada');
  expect(idsIn(smaller)).toEqual(['d', 'c']);
  smaller.keep({ ...trailOf('d'), requestId: 'longer than before' }, 'ada');
  expect(idsIn(smaller)).toEqual(['d', 'c']);
  smaller.close();
});

test('a list does without the trails themselves, which take long to read', () => {
  const history = open();
  history.keep(trailOf('a'), 'ada');
  history.close();
  const bare = new DatabaseSync(join(folder, 'auctions.sqlite'));
  bare.exec("UPDATE auctions SET trail = 'unreadable'");
  bare.close();
  const again = open();
  expect(again.list({ caller: ALL, limit: 1 }).auctions).toMatchObject([{ auctionId: 'a', requestId: 'request-1' }]);
  again.close();
});

test('auctions are listed by request, the newest first', () => {
  const history = open();
  history.keep(trailOf('a', 'one'), 'ada');
  history.keep(trailOf('b', 'two'), 'ada');
  history.keep(trailOf('c', 'one'), 'ada');
  expect(history.list({ requestId: 'one', caller: ALL, limit: 9 }).auctions.map(({ auctionId }) => auctionId)).toEqual([
    'c',
    'a',
  ]);
  history.close();
});

test("a trail is its owner's: to others it is as unknown as one that never was", () => {
  const history = open();
  history.keep(trailOf('a', 'one'), 'ada');
  history.keep(trailOf('b', 'one'), 'bob');
  history.keep(trailOf('c', 'one'), undefined);
  const idsOf = (owner: string) =>
    history.list({ caller: { owner, sees: 'own' }, requestId: 'one', limit: 9 }).auctions;
  expect(['ada', 'bob', 'eve'].map((owner) => idsOf(owner).map(({ auctionId }) => auctionId))).toEqual([
    ['a'],
    ['b'],
    [],
  ]);
  const unknown = (auctionId: string) => ({ code: 'AUCTION_UNKNOWN', details: { auctionId, kept: 100 } });
  for (const auctionId of ['b', 'c', 'never']) {
    expect(() => history.get({ auctionId, caller: { owner: 'ada', sees: 'own' } })).toThrow(
      expect.objectContaining(unknown(auctionId)),
    );
  }
  history.close();
});

test("trails of a version without owners are the operators'", () => {
  const old = new DatabaseSync(join(folder, 'auctions.sqlite'));
  old.exec(`CREATE TABLE auctions (sequence INTEGER PRIMARY KEY AUTOINCREMENT, auction_id TEXT NOT NULL UNIQUE,
    request_id TEXT NOT NULL, bytes INTEGER NOT NULL, trail TEXT NOT NULL) STRICT`);
  const insert = old.prepare('INSERT INTO auctions (auction_id, request_id, bytes, trail) VALUES (?, ?, ?, ?)');
  insert.run('a', 'one', 1, JSON.stringify(trailOf('a')));
  old.close();
  const history = open();
  expect(history.get({ auctionId: 'a', caller: ALL })).toEqual(trailOf('a'));
  expect(idsIn(history)).toEqual(['a']);
  expect(history.list({ caller: { owner: 'ada', sees: 'own' }, limit: 9 })).toEqual({ auctions: [] });
  history.close();
});

test('two shops do not share a state directory', () => {
  const history = open();
  expect(() => open()).toThrow(expect.objectContaining({ code: 'STATE_LOCKED' }));
  history.close();
});

testUnless(WHY_NO_SMALL_DISK)(
  'on a full disk trails wait, are found all the same, and are written once there is room',
  () => {
    const disk = SmallDisk.mount(2);
    try {
      const file = join(disk.path, 'auctions.sqlite');
      const history = new AuctionHistory({ file, kept: 100, keptBytes: 10_000_000 });
      history.keep(trailOf('before'), 'ada');
      expect(idsIn(history)).toEqual(['before']);
      disk.fill();
      const large = 'x'.repeat(200_000);
      const ids = ['a', 'b', 'c'];
      for (const id of ids) history.keep({ ...trailOf(id), requestId: large }, 'ada');
      expect(idsIn(history)).toEqual(['c', 'b', 'a', 'before']);
      expect(history.get({ auctionId: 'b', caller: ALL }).auctionId).toBe('b');
      expect(history.list({ caller: { owner: 'bob', sees: 'own' }, limit: 9 }).auctions).toEqual([]);
      disk.free();
      history.close();
      const again = new AuctionHistory({ file, kept: 100, keptBytes: 10_000_000 });
      expect(idsIn(again)).toEqual(['c', 'b', 'a', 'before']);
      again.close();
    } finally {
      disk.unmount();
    }
  },
);

test('the pages of the auctions have each once, also those that wait to be written', () => {
  const history = open();
  const ids = Array.from({ length: 7 }, (_, index) => `auction-${index}`);
  for (const id of ids) history.keep(trailOf(id), 'ada');
  const told: string[] = [];
  let cursor: string | undefined;
  do {
    const page = history.list({ caller: ALL, limit: 3, ...(cursor && { cursor }) });
    told.push(...page.auctions.map(({ auctionId }) => auctionId));
    cursor = page.next;
  } while (cursor !== undefined);
  expect(told).toEqual([...ids].reverse());
  history.close();
});
