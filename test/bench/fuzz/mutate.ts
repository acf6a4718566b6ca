/** Inputs that nobody would send in good faith: known ones, damaged. The same seed gives the same inputs. */

/** Numbers in [0, 1). */
export type Random = () => number;

/** Mulberry32 (T. Ettinger): enough to choose damage by, and reproducible. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Longest input; the endpoints refuse longer ones before anybody reads them. */
const MAX_BYTES = 262_144;
const MAX_DAMAGES = 4;
/** How often a repeated piece may stand in a row: depth is what parsers stumble over. */
const MAX_REPEATS = 4_096;

const HOSTILE = [
  ...[
    '\0',
    '\xff',
    '\r\n\r\n',
    '<!DOCTYPE x [',
    '&lt;&#0;&x;',
    ']]>',
    '<a>',
    '<!--',
    '"',
    '\\u0000',
    '\\',
    "'",
    '`',
    '$(id)',
  ],
  ...[
    '{',
    '[',
    '[[[[',
    '}',
    '(',
    ')',
    '((((',
    '!',
    '-',
    '9'.repeat(400),
    '1e999999',
    'NaN',
    '__proto__',
    'constructor',
    '../../',
  ],
  ...['true', 'null', 'undefined', '\u202e', '\ud800', '\ufeff', 'A'.repeat(70_000)],
].map((text) => Buffer.from(text));

type Damage = (bytes: Buffer, random: Random, others: readonly Buffer[]) => Buffer;

const below = (random: Random, limit: number): number => Math.floor(random() * limit);
const pick = <T>(random: Random, values: readonly T[]): T => values[below(random, values.length)]!;
/** Puts the piece in place of `drop` bytes. */
const splice = (bytes: Buffer, at: number, { drop, piece }: { drop: number; piece: Buffer }): Buffer =>
  Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at + drop)]);

function pieceOf(bytes: Buffer, random: Random): Buffer {
  const from = below(random, bytes.length + 1);
  return bytes.subarray(from, from + 1 + below(random, 64));
}

const DAMAGES: readonly Damage[] = [
  (bytes, random) => {
    const changed = Buffer.from(bytes);
    if (changed.length > 0) changed[below(random, changed.length)]! ^= 1 << below(random, 8);
    return changed;
  },
  (bytes, random) => bytes.subarray(0, below(random, bytes.length + 1)),
  (bytes, random) =>
    splice(bytes, below(random, bytes.length + 1), { drop: 1 + below(random, 32), piece: Buffer.alloc(0) }),
  (bytes, random) =>
    splice(bytes, below(random, bytes.length + 1), { drop: below(random, 8), piece: pick(random, HOSTILE) }),
  (bytes, random, others) =>
    splice(bytes, below(random, bytes.length + 1), { drop: 0, piece: pieceOf(pick(random, others), random) }),
  (bytes, random) => {
    const piece = pieceOf(bytes, random);
    const times = 1 + below(random, MAX_REPEATS);
    return splice(bytes, below(random, bytes.length + 1), {
      drop: 0,
      piece: Buffer.concat(Array.from({ length: times }, () => piece)),
    });
  },
];

/** Returns one of the known inputs with some damage. */
export function damaged(known: readonly Buffer[], random: Random): Buffer {
  let bytes = pick(random, known);
  const damages = 1 + below(random, MAX_DAMAGES);
  for (let index = 0; index < damages; index += 1) bytes = pick(random, DAMAGES)(bytes, random, known);
  return bytes.subarray(0, MAX_BYTES);
}
