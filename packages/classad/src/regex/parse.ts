import { escapeCharacters, escapeClasses, namedClasses } from './character-classes.ts';
import { type Assertion, complement, type Pattern, PatternError, type Range } from './pattern.ts';

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
]);
const maxNesting = 200;

/** Flags from the letters HTCondor's functions take; other letters are ignored. */
export function flagsFrom(letters: string): PatternFlags {
  const has = (letter: string) => letters.toLowerCase().includes(letter);
  return { ignoreCase: has('i'), multiline: has('m'), dotAll: has('s'), extended: has('x') };
}

/** Reads the part of PCRE that needs no backtracking; throws PatternError on anything else. */
export function parsePattern(source: string, flags: PatternFlags): Pattern {
  return new PatternParser(source, flags).whole();
}

class PatternParser {
  readonly #source: string;
  #flags: PatternFlags;
  #at = 0;
  #captures = 0;
  #nesting = 0;

  constructor(source: string, flags: PatternFlags) {
    this.#source = source;
    this.#flags = flags;
  }

  whole(): Pattern {
    const pattern = this.#choice();
    if (this.#at < this.#source.length) {
      this.#fail('unmatched )');
    }
    return pattern;
  }

  #fail(problem: string): never {
    throw new PatternError(`${problem} at ${this.#at} in pattern`);
  }

  #match(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.#source) ?? undefined;
    if (found !== undefined) {
      this.#at = expression.lastIndex;
    }
    return found;
  }

  #choice(): Pattern {
    this.#nesting += 1;
    if (this.#nesting > maxNesting) {
      this.#fail('groups nested too deep');
    }
    const first = this.#sequence();
    const branches = [first];
    while (this.#match(/\|/y) !== undefined) {
      branches.push(this.#sequence());
    }
    this.#nesting -= 1;
    return branches.length === 1 ? first : { kind: 'choice', branches };
  }

  #sequence(): Pattern {
    const items: Pattern[] = [];
    for (;;) {
      this.#skipIgnored();
      const next = this.#source[this.#at];
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
      this.#match(/\(\?#[^)]*\)|\\E/y) !== undefined ||
      (this.#flags.extended && this.#match(/\s|#[^\n]*/y) !== undefined)
    ) {
      // each turn moves forward
    }
  }

  #repeated(item: Pattern): Pattern {
    this.#skipIgnored();
    const found = this.#match(/(?:([*+?])|\{(\d{1,5})(?:(,)(\d{1,5})?)?\})([?+]?)/y);
    if (found === undefined) {
      return item;
    }
    const [, symbol, least = '0', comma, most, suffix] = found;
    if (suffix === '+') {
      this.#fail('possessive repeats are not supported');
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
      ? this.#fail('repeat bounds out of order')
      : { kind: 'repeat', item, lazy, least: Number(least), most: upper };
  }

  /** One item; undefined for `(?i)` and other things that match nothing themselves. */
  #atom(): Pattern | undefined {
    if (this.#match(/\(/y) !== undefined) {
      return this.#group();
    }
    if (this.#match(/\[/y) !== undefined) {
      return this.#set(this.#bracketClass());
    }
    const assertion = this.#assertion();
    if (assertion !== undefined) {
      return { kind: 'assert', assertion };
    }
    if (this.#match(/\./y) !== undefined) {
      return { kind: 'set', set: { ranges: this.#flags.dotAll ? [] : [[10, 10]], negated: true, ignoreCase: false } };
    }
    if (this.#match(/[*+?]/y) !== undefined) {
      return this.#fail('nothing to repeat');
    }
    return this.#match(/\\Q/y) === undefined
      ? this.#set({ ranges: this.#character(), negated: false })
      : this.#quoted();
  }

  #set({ ranges, negated }: { ranges: readonly Range[]; negated: boolean }): Pattern {
    return { kind: 'set', set: { ranges, negated, ignoreCase: this.#flags.ignoreCase } };
  }

  #assertion(): Assertion | undefined {
    const written = this.#match(/[$^]|\\[bBAzZ]/y)?.[0];
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
    const text = this.#match(/[\s\S]*?(?=\\E|$(?![\s\S]))/y)?.[0] ?? '';
    const items = [...text].map((character): Pattern => {
      const code = character.codePointAt(0) ?? 0;
      return this.#set({ ranges: [[code, code]], negated: false });
    });
    return { kind: 'sequence', items };
  }

  #group(): Pattern | undefined {
    const outer = this.#flags;
    const inline = this.#match(/\?([imsx]*)(?:-([imsx]+))?([:)])/y);
    if (inline !== undefined) {
      const [, on = '', off = '', end] = inline;
      this.#flags = withFlags(withFlags(outer, on, true), off, false);
      return end === ')' ? undefined : this.#closeGroup(this.#choice(), outer);
    }
    if (this.#match(/\?(?:P?<[A-Za-z_]\w*>|'[A-Za-z_]\w*')/y) === undefined && this.#source[this.#at] === '?') {
      this.#fail('lookaround, atomic and conditional groups are not supported');
    }
    if (this.#source[this.#at] === '*') {
      this.#fail('backtracking verbs are not supported');
    }
    this.#captures += 1;
    const index = this.#captures;
    return { kind: 'capture', index, item: this.#closeGroup(this.#choice(), outer) };
  }

  #closeGroup(item: Pattern, outer: PatternFlags): Pattern {
    if (this.#match(/\)/y) === undefined) {
      this.#fail('missing )');
    }
    this.#flags = outer;
    return item;
  }

  #bracketClass(): { ranges: readonly Range[]; negated: boolean } {
    const negated = this.#match(/\^/y) !== undefined;
    const ranges: Range[] = [];
    // A bracket that comes first is a member.
    for (let first = true; first || this.#match(/\]/y) === undefined; first = false) {
      if (this.#at >= this.#source.length) {
        this.#fail('missing ]');
      }
      ranges.push(...(this.#namedClass() ?? this.#memberOrRange()));
    }
    return { ranges, negated };
  }

  #namedClass(): readonly Range[] | undefined {
    const found = this.#match(/\[:(\^?)([a-z]+):\]/y);
    if (found === undefined) {
      return undefined;
    }
    const ranges = namedClasses.get(found[2] ?? '');
    if (ranges === undefined) {
      return this.#fail('unknown character class');
    }
    return found[1] === '^' ? complement(ranges) : ranges;
  }

  #memberOrRange(): readonly Range[] {
    const first = this.#member();
    if (this.#match(/-(?!\])/y) === undefined) {
      return first;
    }
    const last = this.#member();
    const [from, to] = [single(first), single(last)];
    if (from === undefined || to === undefined) {
      return [...first, ...last, [45, 45]];
    }
    return from <= to ? [[from, to]] : this.#fail('range out of order');
  }

  #member(): readonly Range[] {
    return this.#match(/\\b/y) === undefined ? this.#character() : [[8, 8]];
  }

  /** A character as it is, or an escape: one character or a class of them. */
  #character(): readonly Range[] {
    if (this.#match(/\\/y) === undefined) {
      const code = this.#source.codePointAt(this.#at);
      if (code === undefined) {
        return this.#fail('pattern ends too early');
      }
      this.#at += code > 0xffff ? 2 : 1;
      return [[code, code]];
    }
    const code = this.#numericEscape();
    if (code !== undefined) {
      return code <= 0x10ffff ? [[code, code]] : this.#fail('character code too large');
    }
    return this.#letterEscape();
  }

  #numericEscape(): number | undefined {
    const found = this.#match(/x\{([0-9a-fA-F]{1,6})\}|x([0-9a-fA-F]{0,2})|o\{([0-7]{1,7})\}|(0[0-7]{0,2})/y);
    if (found === undefined) {
      return undefined;
    }
    const hexadecimal = found[1] ?? found[2];
    return hexadecimal === undefined
      ? Number.parseInt(found[3] ?? found[4] ?? '0', 8)
      : Number.parseInt(hexadecimal || '0', 16);
  }

  #letterEscape(): readonly Range[] {
    const character = this.#match(/[\s\S]/uy)?.[0];
    if (character === undefined) {
      return this.#fail('pattern ends with a backslash');
    }
    const named = escapeClasses.get(character);
    if (named !== undefined) {
      return named;
    }
    if (/[1-9kg]/.test(character)) {
      return this.#fail('backreferences are not supported');
    }
    const code = escapeCharacters.get(character) ?? (/[A-Za-z]/.test(character) ? undefined : character.codePointAt(0));
    return code === undefined ? this.#fail(`unknown escape \\${character}`) : [[code, code]];
  }
}

function single(ranges: readonly Range[]): number | undefined {
  const [range, another] = ranges;
  return range !== undefined && another === undefined && range[0] === range[1] ? range[0] : undefined;
}

function withFlags(flags: PatternFlags, letters: string, value: boolean): PatternFlags {
  const changes = [...letters].map((letter) => flagNames.get(letter)).filter((name) => name !== undefined);
  return { ...flags, ...Object.fromEntries(changes.map((name) => [name, value])) };
}
