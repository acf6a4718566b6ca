/** @unshared */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { AuditQuery } from '@vmgrid/protocol';
import { SmallDisk, WHY_NO_SMALL_DISK } from '@vmgrid/test-support/hosts/small-disk.ts';
import { testUnless } from '@vmgrid/test-support/jest/test-unless.ts';
import { AuditBuffer, MOST_WAITING } from '../src/audit-buffer.ts';
import { Audit, type AuditNote, isChange, REFUSALS_PER_MINUTE } from '../src/index.ts';

let folder: string;
let now: number;
const file = () => join(folder, 'audit.sqlite');
const open = (daemon = 'shop', kept = 100) => new Audit(file(), { daemon, kept, now: () => now });
const note = (target: string, more: Partial<AuditNote> = {}): AuditNote => ({
  ...{ door: 'http', owner: 'ada', credential: 'ada-1', from: '127.0.0.1' },
  ...{ operation: 'vm.destroy', target, outcome: 'ok' },
  ...more,
});

const entriesIn = async (audit: Audit, query: AuditQuery) =>
  (await audit.list(query, new AbortController().signal)).entries;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'audit-'));
  now = Date.parse('2026-01-01T00:00:00Z');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('what daemons of a machine write is one trail, the newest first, and there when they are started again', async () => {
  const [shop, plant] = [open('shop'), open('plant-1')];
  shop.add(note('/v1/vms/a'));
  now += 1_000;
  plant.add({ door: 'http', operation: 'none', target: '/v1/images', outcome: 'UNAUTHENTICATED' });
  shop.close();
  plant.close();
  const again = open();
  expect(await entriesIn(again, { most: 10 })).toEqual([
    {
      ...{ sequence: 2, at: '2026-01-01T00:00:01.000Z', daemon: 'plant-1', door: 'http' },
      ...{ operation: 'none', target: '/v1/images', outcome: 'UNAUTHENTICATED' },
    },
    { sequence: 1, at: '2026-01-01T00:00:00.000Z', daemon: 'shop', ...note('/v1/vms/a') },
  ]);
  again.close();
});

test('it is asked by owner, operation and outcome, in pages', async () => {
  const audit = open();
  for (let index = 1; index <= 6; index += 1) {
    audit.add(
      note(String(index), { owner: index % 2 === 0 ? 'bob' : 'ada', outcome: index > 4 ? 'VM_UNKNOWN' : 'ok' }),
    );
  }
  const targets = async (query: object) =>
    (await entriesIn(audit, { most: 100, ...query })).map(({ target }) => target);
  expect(await targets({ owner: 'bob' })).toEqual(['6', '4', '2']);
  expect(await targets({ outcome: 'VM_UNKNOWN' })).toEqual(['6', '5']);
  expect(await targets({ operation: 'vm.create' })).toEqual([]);
  expect(await targets({ most: 2 })).toEqual(['6', '5']);
  expect(await targets({ most: 2, before: 5 })).toEqual(['4', '3']);
  audit.close();
});

test('what is far behind is found, though others come between; whoever has gone is not searched for on', async () => {
  const audit = open('shop', 10_000);
  audit.add(note('first', { owner: 'bob' }));
  for (let index = 1; index <= 3_000; index += 1) audit.add(note(String(index)));
  expect(await entriesIn(audit, { owner: 'bob', most: 10 })).toMatchObject([{ target: 'first' }]);
  expect(await entriesIn(audit, { most: 1_000 })).toHaveLength(1_000);
  await expect(audit.list({ owner: 'bob', most: 10 }, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
  audit.close();
});

test('nothing of it is changed or removed, by whatever program', async () => {
  const audit = open();
  audit.add(note('/v1/vms/a'));
  await audit.written();
  const other = new DatabaseSync(file());
  for (const statement of ["UPDATE audit SET owner = 'bob'", 'DELETE FROM audit', "UPDATE audit SET outcome = 'x'"]) {
    expect(() => other.exec(statement)).toThrow('the audit trail is append-only');
  }
  other.close();
  expect(await entriesIn(audit, { most: 10 })).toHaveLength(1);
  audit.close();
});

test('the oldest of a share go once there are more than are kept, and only those; an entry says so', async () => {
  const audit = open('shop', 500);
  for (let index = 1; index <= 2_000; index += 1) audit.add(note(String(index)));
  const entries = await entriesIn(audit, { most: 1_000 });
  const [notes, others] = [true, false].map((is) => entries.filter(({ door }) => (door === 'trail') === is));
  expect([others!.length, others!.at(-1)?.target]).toEqual([500, '1501']);
  expect(notes!.map(({ operation, target, outcome }) => [operation, target, outcome])).toEqual([
    ['audit.trim', '1000 changes of ada, the last of 2026-01-01T00:00:00.000Z', 'ok'],
    ['audit.trim', '500 changes of ada, the last of 2026-01-01T00:00:00.000Z', 'ok'],
  ]);
  const other = new DatabaseSync(file());
  for (const target of [1_501, 2_000]) {
    expect(() => other.exec(`DELETE FROM audit WHERE target = '${target}'`)).toThrow('append-only');
  }
  other.close();
  audit.close();
});

test('an owner pushes out nothing of others, nor its own changes by asking', async () => {
  const audit = open('shop', 100);
  audit.add(note('a change of ada'));
  audit.add(note('asked by bob', { owner: 'bob', operation: 'vm.query' }));
  audit.add({ door: 'command', owner: 'ada', operation: 'token.revoke', target: 'a token', outcome: 'ok' });
  audit.add({ door: 'http', operation: 'none', target: 'a stranger', outcome: 'UNAUTHENTICATED' });
  for (let index = 1; index <= 3_000; index += 1) audit.add(note(String(index), { operation: 'vm.query' }));
  const targets = (await entriesIn(audit, { most: 1_000 })).map(({ target }) => target);
  expect(targets).toEqual(
    expect.arrayContaining(['a change of ada', 'asked by bob', 'a token', 'a stranger', '2901', '3000']),
  );
  expect(targets).not.toContain('2900');
  audit.close();
});

test('a trail of before there were shares is taken over whole', async () => {
  const before = new DatabaseSync(file());
  before.exec(`
    CREATE TABLE audit (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, daemon TEXT NOT NULL,
      door TEXT NOT NULL, owner TEXT,
      credential TEXT, came_from TEXT, operation TEXT NOT NULL, target TEXT NOT NULL, outcome TEXT NOT NULL
    ) STRICT;
    CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
      BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
    INSERT INTO audit (at, daemon, door, owner, operation, target, outcome)
      VALUES (1, 'shop', 'http', 'ada', 'vm.create', 'one', 'ok'), (2, 'shop', 'http', NULL, 'none', 'two', 'FORBIDDEN');
  `);
  before.close();
  for (const more of ['three', 'four']) {
    const audit = open();
    audit.add(note(more));
    audit.close();
  }
  const audit = open();
  const entries = (await entriesIn(audit, { most: 10 })).map(({ sequence, owner, target }) => [
    sequence,
    owner,
    target,
  ]);
  expect(entries).toEqual([
    [4, 'ada', 'four'],
    [3, 'ada', 'three'],
    [2, undefined, 'two'],
    [1, 'ada', 'one'],
  ]);
  const other = new DatabaseSync(file());
  expect(() => other.exec('DELETE FROM audit')).toThrow('append-only');
  other.close();
  audit.close();
});

test('a daemon of before there were shares writes on beside one that has them', async () => {
  const audit = open();
  const older = new DatabaseSync(file());
  const write = older.prepare(`
    INSERT INTO audit (at, daemon, door, owner, operation, target, outcome) VALUES (1, 'old', 'http', 'ada', 'vm.create', ?, 'ok')`);
  for (const target of ['one', 'two']) write.run(target);
  audit.add(note('three'));
  expect((await entriesIn(audit, { most: 10 })).map(({ target }) => target)).toEqual(['three', 'two', 'one']);
  expect(() => older.exec('DELETE FROM audit')).toThrow('append-only');
  older.close();
  audit.close();
});

test('strangers, however many, do not fill the trail; it says how many more there were', async () => {
  const audit = open('shop', 10_000);
  audit.add(note('/v1/vms/a'));
  const stranger = { door: 'http', operation: 'none', target: '/v1/vms', outcome: 'UNAUTHENTICATED' } as const;
  for (let index = 0; index < 5_000; index += 1) audit.add(stranger);
  expect(await entriesIn(audit, { outcome: 'UNAUTHENTICATED', most: 1_000 })).toHaveLength(REFUSALS_PER_MINUTE);
  now += 60_000;
  audit.add(stranger);
  expect(await entriesIn(audit, { outcome: 'UNAUTHENTICATED', most: 1_000 })).toHaveLength(REFUSALS_PER_MINUTE + 1);
  const [more] = await entriesIn(audit, { operation: 'audit.refusals', most: 2 });
  expect(more).toMatchObject({
    door: 'trail',
    target: `${5_000 - REFUSALS_PER_MINUTE} more refusals of strangers in the minute from 2026-01-01T00:00:00.000Z`,
  });
  audit.close();
});

test('strangers keep nothing out of it that links refuse; an owner that asks too often is named, and fills it no more than they', async () => {
  const audit = open();
  const refused = { door: 'http', operation: 'none', target: '', outcome: 'UNAUTHENTICATED' } as const;
  for (let index = 0; index < 100; index += 1) {
    audit.add(refused);
    for (const owner of ['ada', 'links']) audit.add({ ...refused, owner, outcome: 'QUOTA_REQUESTS' });
  }
  audit.add({ ...refused, door: 'link', operation: 'link.register' });
  audit.add(note('/v1/vms/a'));
  const count = async (query: object) => (await entriesIn(audit, { most: 1_000, ...query })).length;
  expect(
    await Promise.all([{ operation: 'link.register' }, { outcome: 'UNAUTHENTICATED' }, { owner: 'ada' }].map(count)),
  ).toEqual([...[1, REFUSALS_PER_MINUTE + 1, REFUSALS_PER_MINUTE + 1]]);
  now += 60_000;
  audit.add(refused);
  expect(
    (await entriesIn(audit, { operation: 'audit.refusals', most: 10 })).map(({ target }) => target).reverse(),
  ).toEqual(
    ['strangers', 'the owner ada', 'the owner links'].map(
      (of) => `${100 - REFUSALS_PER_MINUTE} more refusals of ${of} in the minute from 2026-01-01T00:00:00.000Z`,
    ),
  );
  audit.close();
});

test('a long target is cut, and nobody else may read the file', async () => {
  const audit = open();
  audit.add(note('x'.repeat(10_000)));
  expect((await entriesIn(audit, { most: 1 }))[0]!.target).toHaveLength(256);
  expect((statSync(file()).mode & 0o777).toString(8)).toBe('600');
  audit.close();
});

test.each([
  ['vm.create', true],
  ['image.remove', true],
  ['vm.query', false],
  ['vm.estimate', false],
  ['none', false],
  ['toString', false],
  [undefined, false],
])('whether %p changes anything: %p', (operation, changes) => {
  expect(isChange(operation)).toBe(changes);
});

test('what comes in one moment is written together; who waits for that knows that it is', async () => {
  const audit = open();
  const other = new DatabaseSync(file());
  const count = () => other.prepare('SELECT count(*) AS count FROM audit').get()!.count;
  for (const target of ['one', 'two', 'three']) audit.add(note(target));
  expect(count()).toBe(0);
  expect(await audit.written()).toBeUndefined();
  expect(count()).toBe(3);
  other.close();
  audit.close();
});

test('what was handed over last is written as the trail is closed', async () => {
  const audit = open();
  audit.add(note('the last'));
  audit.close();
  await audit.written();
  const again = open();
  expect((await entriesIn(again, { most: 2 })).map(({ target }) => target)).toEqual(['the last']);
  again.close();
});

testUnless(WHY_NO_SMALL_DISK)(
  'on a full disk entries wait, in their order and with their times, and are written once there is room',
  async () => {
    const disk = SmallDisk.mount(16);
    try {
      const audit = new Audit(join(disk.path, 'audit.sqlite'), { daemon: 'shop', now: () => now });
      audit.add(note('before'));
      await audit.written();
      disk.fill();
      const hindrances: unknown[] = [];
      for (const target of ['x', 'y', 'z']) {
        now += 1_000;
        for (let index = 0; index < 100; index += 1) {
          audit.add(note(`${target}${index}`));
          hindrances.push(await audit.written());
        }
      }
      expect(hindrances.at(-1)).toMatchObject({ code: 'HOST_DISK_FULL' });
      disk.free();
      audit.add(note('after'));
      expect(await audit.written()).toBeUndefined();
      const entries = await entriesIn(audit, { most: 1_000 });
      const numbered = ['x', 'y', 'z'].flatMap((target) =>
        Array.from({ length: 100 }, (_, index) => `${target}${index}`),
      );
      expect(entries.map(({ target }) => target).reverse()).toEqual(['before', ...numbered, 'after']);
      const times = ['x0', 'y0', 'z99'].map((wanted) => entries.find(({ target }) => target === wanted)?.at);
      expect(times).toEqual(['01', '02', '03'].map((second) => `2026-01-01T00:00:${second}.000Z`));
      audit.close();
    } finally {
      disk.unmount();
    }
  },
);

test('what is too much to wait is counted in the trail: the newest, and what was only asked before any change', () => {
  const written: string[] = [];
  let isFull = true;
  const entries = new AuditBuffer<string>({
    write(some) {
      if (isFull) throw Object.assign(new Error('database or disk is full'), { code: 'ERR_SQLITE_ERROR', errcode: 13 });
      written.push(...some);
    },
    lost: (count) => `${count} lost`,
    isMinor: (entry) => entry.startsWith('asked'),
  });
  const many = Array.from({ length: MOST_WAITING - 2 }, (_, index) => String(index));
  for (const entry of ['asked 1', ...many, 'asked 2']) entries.add(entry);
  for (const entry of ['asked 3', 'change 1', 'change 2', 'change 3', 'asked 4']) entries.add(entry);
  isFull = false;
  entries.add('after');
  expect(entries.write()).toBeUndefined();
  expect(written).toEqual([...many, 'change 1', 'change 2', '5 lost', 'after']);
});
