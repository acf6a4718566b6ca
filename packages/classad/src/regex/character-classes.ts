import { complement, type Range } from './pattern.ts';

function codes(first: string, last = first): Range {
  return [first.codePointAt(0) ?? 0, last.codePointAt(0) ?? 0];
}

const digit: readonly Range[] = [codes('0', '9')];
const upper: readonly Range[] = [codes('A', 'Z')];
const lower: readonly Range[] = [codes('a', 'z')];
const space: readonly Range[] = [codes('\t', '\r'), codes(' ')];
const horizontal: readonly Range[] = [codes('\t'), codes(' '), [0xa0, 0xa0]];
const vertical: readonly Range[] = [codes('\n', '\r'), [0x85, 0x85], [0x2028, 0x2029]];
const punctuation: readonly Range[] = [codes('!', '/'), codes(':', '@'), codes('[', '`'), codes('{', '~')];

/** The word characters of `\w` and `\b`: ASCII only, as in PCRE without its Unicode mode. */
export const wordRanges: readonly Range[] = [...digit, ...upper, ...lower, codes('_')];

/** `\d` and the like, by letter. */
export const escapeClasses: ReadonlyMap<string, readonly Range[]> = new Map([
  ['d', digit],
  ['D', complement(digit)],
  ['w', wordRanges],
  ['W', complement(wordRanges)],
  ['s', space],
  ['S', complement(space)],
  ['h', horizontal],
  ['H', complement(horizontal)],
  ['v', vertical],
  ['V', complement(vertical)],
  ['N', complement([codes('\n')])],
]);

/** `[:alpha:]` and the like, by name. */
export const namedClasses: ReadonlyMap<string, readonly Range[]> = new Map([
  ['alnum', [...digit, ...upper, ...lower]],
  ['alpha', [...upper, ...lower]],
  ['ascii', [[0, 0x7f]]],
  ['blank', [codes('\t'), codes(' ')]],
  [
    'cntrl',
    [
      [0, 0x1f],
      [0x7f, 0x7f],
    ],
  ],
  ['digit', digit],
  ['graph', [codes('!', '~')]],
  ['lower', lower],
  ['print', [codes(' ', '~')]],
  ['punct', punctuation],
  ['space', space],
  ['upper', upper],
  ['word', wordRanges],
  ['xdigit', [...digit, codes('A', 'F'), codes('a', 'f')]],
]);

/** Escapes that stand for one character. */
export const escapeCharacters: ReadonlyMap<string, number> = new Map([
  ['a', 7],
  ['e', 27],
  ['f', 12],
  ['n', 10],
  ['r', 13],
  ['t', 9],
]);
