/** Checks what the formatter does not: comments, prose and everything else end by column 120. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..');
const COLUMNS = 120;

/** Texts and regular expressions: the formatter leaves each in one piece, and tests are named by whole sentences. */
const LITERAL = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`|\/\^?(?:[^/\\]|\\.)+\/[a-z]*/g;

const COMMENT = /^\s*(\/\/|\/?\*)/;
/** A row of a table, and a promise of the threat model, which names a test by its whole title. */
const UNBROKEN = /^(\||\* .+ `[^`]+\.test\.ts`: )/;

const filesIn = (folders: readonly string[], ending: RegExp): string[] =>
  folders
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
    )
    .filter((file) => ending.test(file) && !file.includes('node_modules'));

const longLinesOf = (file: string, text: string, shown: (line: string) => string): string[] =>
  text
    .split('\n')
    .flatMap((line, index) => (line.length > COLUMNS && shown(line).length > COLUMNS ? [`${file}:${index + 1}`] : []));

test('no line of a source ends past column 120, but for a text or a regular expression in one piece', () => {
  const shown = (line: string) => (COMMENT.test(line) ? line : line.replace(LITERAL, "''"));
  const long = filesIn(['agent', 'packages', 'test', 'scripts'], /\.(ts|mjs|c|h)$/).flatMap((file) =>
    longLinesOf(file, readFileSync(join(root, file), 'utf8'), shown),
  );
  expect(long).toEqual([]);
});

test('no line of prose ends past column 120', () => {
  const documents = [...readdirSync(root), ...filesIn(['agent', 'docs', 'packages'], /./)].filter((file) =>
    file.endsWith('.md'),
  );
  const long = documents.flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    const prose = text.replaceAll(/^ *```.*?^ *```$/gms, (code) => code.replaceAll(/./g, ''));
    return longLinesOf(file, prose, (line) => (UNBROKEN.test(line) ? '' : line));
  });
  expect(long).toEqual([]);
});
