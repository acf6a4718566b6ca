import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { decodeXmlRequest } from '@vmgrid/protocol/xml';

const examples = join(import.meta.dirname, '../examples');
const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');

test.each(readdirSync(examples))('the example %s is a request that the endpoints take', (file) => {
  expect(decodeXmlRequest(readFileSync(join(examples, file))).verb).toBe('create');
});

test('every file that the README names is there', () => {
  const named = [...readme.matchAll(/(?<=[@<( ])(?:examples|schemas|docs|packages)\/[\w./-]+\w/g)].map(
    ([path]) => path,
  );
  const missing = named.filter((path) => !existsBelowRoot(path));
  expect(named.length).toBeGreaterThan(5);
  expect(missing).toEqual([]);
});

function existsBelowRoot(path: string): boolean {
  const parent = join(import.meta.dirname, '..', path, '..');
  return readdirSync(parent).includes(path.split('/').at(-1)!);
}
