/** Checks what the formatter does not: comments and everything else end by column 120. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..');
const COLUMNS = 120;

/** Texts and regular expressions: the formatter leaves each in one piece, and tests are named by whole sentences. */
const LITERAL = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`|\/\^?(?:[^/\\]|\\.)+\/[a-z]*/g;

const sources = (): string[] =>
  ['packages', 'test', 'scripts']
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
    )
    .filter((file) => /\.(ts|mjs)$/.test(file) && !file.includes('node_modules'));

test('no line of a source ends past column 120, but for a text or a regular expression in one piece', () => {
  const long = sources().flatMap((file) =>
    readFileSync(join(root, file), 'utf8')
      .split('\n')
      .flatMap((line, index) =>
        line.length > COLUMNS && line.replace(LITERAL, "''").length > COLUMNS ? [`${file}:${index + 1}`] : [],
      ),
  );
  expect(long).toEqual([]);
});
