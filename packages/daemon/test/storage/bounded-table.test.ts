import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BoundedTable, IN_MEMORY, openOwnDatabase } from '../../src/index.ts';

const SCHEMA = `CREATE TABLE things (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, bytes INTEGER NOT NULL, name TEXT NOT NULL UNIQUE
) STRICT`;

let database: DatabaseSync;
const open = () => openOwnDatabase(IN_MEMORY, { schema: `${SCHEMA};`, inUse: () => new Error('in use') });
const insert = (name: string, bytes = 1, at = 0) => {
  database.prepare('INSERT INTO things (at, bytes, name) VALUES (?, ?, ?)').run(at, bytes, name);
  return { rows: 1, bytes };
};
const names = () =>
  database
    .prepare('SELECT name FROM things ORDER BY sequence')
    .all()
    .map(({ name }) => name);

beforeEach(() => {
  database = open();
});
afterEach(() => database.close());

test('the oldest go when there are too many, or they are too large together, or too old', () => {
  const table = new BoundedTable(database, 'things', { rows: 3, bytes: 10, age: true });
  for (const [at, name] of ['a', 'b', 'c', 'd'].entries()) table.change(() => insert(name, 1, at));
  expect(names()).toEqual(['b', 'c', 'd']);
  table.change(() => insert('large', 8, 4));
  expect(names()).toEqual(['c', 'd', 'large']);
  table.change(() => ({ rows: 0, bytes: 0 }), 3);
  expect(names()).toEqual(['large']);
  table.change(() => insert('too large', 11, 5));
  expect(names()).toEqual([]);
});

test('a change that fails has changed nothing, and is not counted', () => {
  const table = new BoundedTable(database, 'things', { rows: 2, bytes: 10 });
  for (const name of ['a', 'b']) table.change(() => insert(name));
  for (let times = 0; times < 3; times += 1) expect(() => table.change(() => insert('a'))).toThrow('UNIQUE');
  table.change(() => insert('c'));
  expect(names()).toEqual(['b', 'c']);
});

test('it keeps what a count of all rows at each change would keep, also when it is opened again', () => {
  const row = fc.record({ bytes: fc.integer({ min: 0, max: 9 }), again: fc.boolean() });
  fc.assert(
    fc.property(fc.array(row, { maxLength: 40 }), fc.integer({ min: 0, max: 6 }), (rows, most) => {
      database.close();
      database = open();
      const limits = { rows: most, bytes: 20 };
      let table = new BoundedTable(database, 'things', limits);
      let kept: { name: string; bytes: number }[] = [];
      for (const [number, { bytes, again }] of rows.entries()) {
        if (again) table = new BoundedTable(database, 'things', limits);
        table.change(() => insert(String(number), bytes));
        kept.push({ name: String(number), bytes });
        while (kept.length > most || kept.reduce((sum, one) => sum + one.bytes, 0) > 20) kept = kept.slice(1);
        expect(names()).toEqual(kept.map(({ name }) => name));
      }
    }),
  );
});
