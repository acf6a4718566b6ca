/** Decision records: each has a number of its own, a date and a status, and the page lists it as it is. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const folder = join(import.meta.dirname, '../docs/decisions');
const page = readFileSync(join(folder, 'README.md'), 'utf8');
const files = readdirSync(folder).filter((file) => file !== 'README.md');
const numbers = files.map((file) => file.slice(0, 4));

const HEAD = /^# (\d{4}) – (.+)\n\n\* Date: (\d{4}-\d\d-\d\d)\n\* Status: (.+)\n\n/;
const STATUS = /^(?:accepted(?:, amended by \d{4}(?: and \d{4})*)?|superseded by \d{4})$/;

/** Without the addresses of its links. */
const plain = (text: string): string => text.replace(/\[([^\]]+)\]\([^)]+\)/g, '$1');

test('no two decisions have the same number, and none is missing', () => {
  expect(numbers).toEqual(files.map((_, index) => String(index + 1).padStart(4, '0')));
});

test.each(files)('%s has its number, a date and a status, and the page lists them', (file) => {
  const [, number, title, date, linked] = HEAD.exec(readFileSync(join(folder, file), 'utf8')) ?? [];
  const status = plain(linked ?? 'none');
  expect(number).toBe(file.slice(0, 4));
  expect(status).toMatch(STATUS);
  expect(numbers).toEqual(expect.arrayContaining([...status.matchAll(/\d{4}/g)].map(([other]) => other)));
  expect(page).toContain(`| [${number}](${file}) | ${title} | ${date} | ${status} |`);
});
