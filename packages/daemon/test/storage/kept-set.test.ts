import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { IN_MEMORY, KeptSet, keptSetSchema, openOwnDatabase } from '../../src/index.ts';

const folder = useTemporaryFolder();
const open = (file: string) =>
  openOwnDatabase(file, { schema: keptSetSchema('names'), inUse: () => new Error('in use') });

test('a kept set outlives its process', () => {
  const file = join(folder(), 'names.sqlite');
  const first = open(file);
  new KeptSet(first, 'names', { most: 10 }).add('ada');
  first.close();
  const second = new KeptSet(open(file), 'names', { most: 10 });
  expect([second.has('ada'), second.has('bob'), [...second.values()]]).toEqual([true, false, ['ada']]);
});

test('the newest stay, and what goes is told', () => {
  const dropped: string[] = [];
  const set = new KeptSet(open(IN_MEMORY), 'names', { most: 2, dropped: (text) => dropped.push(text) });
  for (const name of ['ada', 'bob', 'ada', 'eve']) set.add(name);
  expect([[...set.values()], dropped, set.has('ada')]).toEqual([['bob', 'eve'], ['ada'], false]);
});

test('a set that finds no room on the disk knows what was added, and writes it when there is room', () => {
  const database = open(IN_MEMORY);
  const set = new KeptSet(database, 'names', { most: 10 });
  const pages = Number(database.prepare('PRAGMA page_count').get()!.page_count);
  database.exec(`PRAGMA max_page_count = ${pages}`);
  const long = 'x'.repeat(100_000);
  expect(() => set.add(long)).toThrow('full');
  expect(set.has(long)).toBe(true);
  database.exec('PRAGMA max_page_count = 1000000');
  set.add('ada');
  expect(database.prepare('SELECT count(*) AS rows FROM names').get()).toEqual({ rows: 2 });
});
