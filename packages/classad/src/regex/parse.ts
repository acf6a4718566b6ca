import { readBracketClass, readCharacter } from './characters.ts';
import { type Assertion, merged, type Pattern, type Range } from './pattern.ts';
import { PatternSource } from './pattern-source.ts';

export interface PatternFlags {
  readonly ignoreCase: boolean;
  readonly multiline: boolean;
  readonly dotAll: boolean;
  /** White space and `#` comments in the pattern mean nothing. */
  readonly extended: boolean;
}

const flagNames: ReadonlyMap<string, keyof PatternFlags> = new Map([
  ['i', 'ignoreCase'],
  ['m', 'multiline'],
  ['s', 'dotAll'],
  ['x', 'extended'],
]);
const assertions: ReadonlyMap<string, Assertion> = new Map([
  ['\\b', 'wordBoundary'],
  ['\\B', 'noWordBoundary'],
  ['\\A', 'textStart'],
  ['\\z', 'absoluteEnd'],
  ['\\Z', 'textEnd'],
  ['\\G', 'searchStart'],
]);
const quantifier = /(?:([*+?])|\{(\d{1,5})(?:(,)(\d{1,5})?)?\})([?+]?)/y;
const maxNesting = 200;

/** Reads flags from the letters that HTCondor's functions take; other letters are ignored. */
export function flagsFrom(letters: string): PatternFlags {
  const has = (letter: string) => letters.toLowerCase().includes(letter);
  return { ignoreCase: has('i'), multiline: has('m'), dotAll: has('s'), extended: has('x') };
}

/** Parses the part of PCRE that needs no backtracking; throws PatternError on anything else. */
export function parsePattern(source: string, flags: PatternFlags): Pattern {
  return new PatternParser(source, flags).whole();
}

function setOf(...ranges: readonly Range[]): Pattern {
  return { kind: 'set', set: { ranges, negated: false, ignoreCase: false } };
}

/** `\R`: carriage return and line feed together, or one character that ends a line. */
const lineBreak: Pattern = {
  kind: 'choice',
  branches: [
    { kind: 'sequence', items: [setOf([13, 13]), setOf([10, 10])] },
    setOf([10, 13], [0x85, 0x85], [0x2028, 0x2029]),
  ],
};

class PatternParser {
  readonly #source: PatternSource;
  #flags: PatternFlags;
  #captures = 0;
  #nesting = 0;

  constructor(source: string, flags: PatternFlags) {
    this.#source = new PatternSource(source);
    this.#flags = flags;
  }

  whole(): Pattern {
    const pattern = this.#choice();
    if (!this.#source.atEnd()) {
      this.#source.fail('unmatched )');
    }
    return pattern;
  }

  #choice(): Pattern {
    this.#nesting += 1;
    if (this.#nesting > maxNesting) {
      this.#source.fail('groups nested too deep');
    }
    const first = this.#sequence();
    const branches = [first];
    while (this.#source.match(/\|/y) !== undefined) {
      branches.push(this.#sequence());
    }
    this.#nesting -= 1;
    return branches.length === 1 ? first : { kind: 'choice', branches };
  }

  #sequence(): Pattern {
    const items: Pattern[] = [];
    for (;;) {
      this.#skipIgnored();
      const next = this.#source.peek();
      if (next === undefined || next === '|' || next === ')') {
        return { kind: 'sequence', items };
      }
      const atom = this.#atom();
      if (atom !== undefined) {
        items.push(this.#repeated(atom));
      }
    }
  }

  #skipIgnored(): void {
    while (
      this.#source.match(/\(\?#[^)]*\)|\\E/y) !== undefined ||
      (this.#flags.extended && this.#source.match(/\s|#[^\n]*/y) !== undefined)
    ) {
      // each turn moves forward
    }
  }

  #repeated(item: Pattern): Pattern {
    this.#skipIgnored();
    const found = this.#source.match(quantifier);
    if (found === undefined) {
      return item;
    }
    if (item.kind === 'assert' || item.kind === 'restart') {
      this.#source.fail('nothing to repeat');
    }
    const [, symbol, least = '0', comma, most, suffix] = found;
    if (suffix === '+') {
      this.#source.fail('possessive repeats are not supported');
    }
    const lazy = suffix === '?';
    if (symbol !== undefined) {
      const many = symbol !== '?';
      const bounds = { least: symbol === '+' ? 1 : 0, most: many ? Number.POSITIVE_INFINITY : 1 };
      return { kind: 'repeat', item, lazy, ...bounds };
    }
    const open = most === undefined ? Number.POSITIVE_INFINITY : Number(most);
    const upper = comma === undefined ? Number(least) : open;
    return upper < Number(least)
      ? this.#source.fail('repeat bounds out of order')
      : { kind: 'repeat', item, lazy, least: Number(least), most: upper };
  }

  /** One item; undefined for `(?i)` and other things that match nothing themselves. */
  #atom(): Pattern | undefined {
    if (this.#source.match(/\(/y) !== undefined) {
      return this.#group();
    }
    if (this.#source.match(/\[/y) !== undefined) {
      return this.#set(readBracketClass(this.#source));
    }
    const assertion = this.#assertion();
    if (assertion !== undefined) {
      return { kind: 'assert', assertion };
    }
    if (this.#source.match(/\\K/y) !== undefined) {
      return { kind: 'restart' };
    }
    if (this.#source.match(/\\R/y) !== undefined) {
      return lineBreak;
    }
    if (this.#source.match(/\./y) !== undefined) {
      return { kind: 'set', set: { ranges: this.#flags.dotAll ? [] : [[10, 10]], negated: true, ignoreCase: false } };
    }
    if (this.#source.match(quantifier) !== undefined) {
      return this.#source.fail('nothing to repeat');
    }
    return this.#source.match(/\\Q/y) === undefined
      ? this.#set({ ranges: readCharacter(this.#source, this.#captures), negated: false })
      : this.#quoted();
  }

  #set({ ranges, negated }: { ranges: readonly Range[]; negated: boolean }): Pattern {
    return { kind: 'set', set: { ranges: merged(ranges), negated, ignoreCase: this.#flags.ignoreCase } };
  }

  #assertion(): Assertion | undefined {
    const written = this.#source.match(/[$^]|\\[bBAzZG]/y)?.[0];
    if (written === '^') {
      return this.#flags.multiline ? 'lineStart' : 'textStart';
    }
    if (written === '$') {
      return this.#flags.multiline ? 'lineEnd' : 'textEnd';
    }
    return written === undefined ? undefined : assertions.get(written);
  }

  /** `\Q…\E`. */
  #quoted(): Pattern {
    const text = this.#source.match(/[\s\S]*?(?=\\E|$(?![\s\S]))/y)?.[0] ?? '';
    const items = [...text].map((character): Pattern => {
      const code = character.codePointAt(0) ?? 0;
      return this.#set({ ranges: [[code, code]], negated: false });
    });
    return { kind: 'sequence', items };
  }

  #group(): Pattern | undefined {
    const outer = this.#flags;
    const inline = this.#source.match(/\?([imsx]*)(?:-([imsx]+))?([:)])/y);
    if (inline !== undefined) {
      const [, on = '', off = '', end] = inline;
      this.#flags = withFlags(withFlags(outer, on, true), off, false);
      return end === ')' ? undefined : this.#closeGroup(this.#choice(), outer);
    }
    if (this.#source.match(/\?(?:P?<[A-Za-z_]\w*>|'[A-Za-z_]\w*')/y) === undefined && this.#source.peek() === '?') {
      this.#source.fail('lookaround, atomic and conditional groups are not supported');
    }
    if (this.#source.peek() === '*') {
      this.#source.fail('backtracking verbs are not supported');
    }
    this.#captures += 1;
    const index = this.#captures;
    return { kind: 'capture', index, item: this.#closeGroup(this.#choice(), outer) };
  }

  #closeGroup(item: Pattern, outer: PatternFlags): Pattern {
    if (this.#source.match(/\)/y) === undefined) {
      this.#source.fail('missing )');
    }
    this.#flags = outer;
    return item;
  }
}

function withFlags(flags: PatternFlags, letters: string, value: boolean): PatternFlags {
  const changes = [...letters].map((letter) => flagNames.get(letter)).filter((name) => name !== undefined);
  return { ...flags, ...Object.fromEntries(changes.map((name) => [name, value])) };
}
