/** Each promise of the threat model names a test that is there. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..');
const lines = readFileSync(join(root, 'docs/threat-model.md'), 'utf8').split('\n');
const promises = lines
  .slice(lines.indexOf('## Promises, and the test of each'), lines.indexOf('## Known gaps'))
  .filter((line) => line.startsWith('* '))
  .map((line) => /^\* .+ `([^`]+\.test\.ts)`: (.+)$/.exec(line)?.slice(1) ?? [line, '']);

test('there are promises', () => {
  expect(promises.length).toBeGreaterThan(20);
});

test.each(promises)('%s has the test: %s', (file, title) => {
  expect(existsSync(join(root, file!))).toBe(true);
  const quoted = [`'${title}'`, `"${title}"`, `'${title!.replaceAll("'", "\\'")}'`];
  const text = readFileSync(join(root, file!), 'utf8');
  expect(quoted.some((one) => text.includes(one))).toBe(true);
});
