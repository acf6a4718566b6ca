import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ERROR_CATALOGUE, isErrorCode } from '@vmgrid/protocol';

const page = readFileSync(join(import.meta.dirname, '../../../../docs/errors.md'), 'utf8');

/** The rows of the page's tables by code. */
const rows = new Map(
  [...page.matchAll(/^\| ([A-Z][A-Z0-9_]+) \| (.+) \|$/gm)].map(([, code = '', cells = '']) => [
    code,
    cells.split(' | '),
  ]),
);

test.each(Object.entries(ERROR_CATALOGUE))('docs/errors.md says of %s what the catalogue says', (code, kind) => {
  expect(rows.get(code)).toEqual([String(kind.status), kind.retryable ? 'yes' : 'no', kind.summary, kind.remedy]);
});

test('docs/errors.md has no code that the catalogue lacks, and none twice', () => {
  const listed = [...page.matchAll(/^\| ([A-Z][A-Z0-9_]+) \|/gm)].map(([, code = '']) => code);
  expect(listed.filter((code) => !isErrorCode(code))).toEqual([]);
  expect(listed).toEqual([...new Set(listed)]);
});
