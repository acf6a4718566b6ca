import { escapeCharacters, escapeClasses, namedClasses } from './character-classes.ts';
import { complement, type Range } from './pattern.ts';
import type { PatternSource } from './pattern-source.ts';

/** Reads a bracket class after its `[`, through its `]`. */
export function readBracketClass(source: PatternSource): { ranges: readonly Range[]; negated: boolean } {
  const negated = source.match(/\^/y) !== undefined;
  const ranges: Range[] = [];
  // A bracket that comes first is a member.
  for (let first = true; first || source.match(/\]/y) === undefined; first = false) {
    if (source.atEnd()) {
      source.fail('missing ]');
    }
    ranges.push(...(namedClass(source) ?? memberOrRange(source)));
  }
  return { ranges, negated };
}

/**
 * Reads a plain character, or an escape for one character or a class. A number after a backslash names a group when it
 * is below ten, begins with 8 or 9, or there are `groups` enough before it; otherwise it is octal (pcre2pattern).
 */
export function readCharacter(source: PatternSource, groups: number): readonly Range[] {
  if (source.match(/\\/y) === undefined) {
    const character = source.match(/[\s\S]/uy)?.[0];
    return character === undefined ? source.fail('pattern ends too early') : [rangeOf(character)];
  }
  const number = source.peekMatch(/[1-9]\d*/y);
  if (number !== undefined && (number.length === 1 || /^[89]/.test(number) || Number(number) <= groups)) {
    return source.fail('backreferences are not supported');
  }
  const code = numericEscape(source);
  if (code !== undefined) {
    return code <= 0x10ffff ? [[code, code]] : source.fail('character code too large');
  }
  return letterEscape(source);
}

function rangeOf(character: string): Range {
  const code = character.codePointAt(0) ?? 0;
  return [code, code];
}

function namedClass(source: PatternSource): readonly Range[] | undefined {
  const found = source.match(/\[:(\^?)([a-z]+):\]/y);
  if (found === undefined) {
    return undefined;
  }
  const ranges = namedClasses.get(found[2] ?? '');
  if (ranges === undefined) {
    return source.fail('unknown character class');
  }
  return found[1] === '^' ? complement(ranges) : ranges;
}

function memberOrRange(source: PatternSource): readonly Range[] {
  const first = member(source);
  if (source.match(/-(?!\])/y) === undefined) {
    return first;
  }
  const last = member(source);
  const [from, to] = [single(first), single(last)];
  if (from === undefined || to === undefined) {
    return [...first, ...last, rangeOf('-')];
  }
  return from <= to ? [[from, to]] : source.fail('range out of order');
}

/** Inside brackets `\b` is a backspace and a number is octal, because no groups can be named there. */
function member(source: PatternSource): readonly Range[] {
  if (source.match(/\\b/y) !== undefined) {
    return [rangeOf('\b')];
  }
  const octal = source.match(/\\([0-7]{1,3})/y)?.[1];
  if (octal !== undefined) {
    const code = Number.parseInt(octal, 8);
    return [[code, code]];
  }
  const literal = source.match(/\\([89])/y)?.[1];
  return literal === undefined ? readCharacter(source, 0) : [rangeOf(literal)];
}

function single(ranges: readonly Range[]): number | undefined {
  const [range, another] = ranges;
  return range !== undefined && another === undefined && range[0] === range[1] ? range[0] : undefined;
}

function numericEscape(source: PatternSource): number | undefined {
  const found = source.match(/x\{([0-9a-fA-F]{1,6})\}|x([0-9a-fA-F]{0,2})|o\{([0-7]{1,7})\}|([0-7]{1,3})/y);
  if (found === undefined) {
    return undefined;
  }
  const hexadecimal = found[1] ?? found[2];
  return hexadecimal === undefined
    ? Number.parseInt(found[3] ?? found[4] ?? '0', 8)
    : Number.parseInt(hexadecimal || '0', 16);
}

function letterEscape(source: PatternSource): readonly Range[] {
  const character = source.match(/[\s\S]/uy)?.[0];
  if (character === undefined) {
    return source.fail('pattern ends with a backslash');
  }
  const named = escapeClasses.get(character);
  if (named !== undefined) {
    return named;
  }
  if (/[kg]/.test(character)) {
    return source.fail('backreferences are not supported');
  }
  if (character === 'c') {
    return controlCharacter(source);
  }
  const code = escapeCharacters.get(character);
  if (code !== undefined) {
    return [[code, code]];
  }
  return /[A-Za-z]/.test(character) ? source.fail(`unknown escape \\${character}`) : [rangeOf(character)];
}

/** `\cA` is the character of Control and A: its code with bit 6 turned over. */
function controlCharacter(source: PatternSource): readonly Range[] {
  const character = source.match(/[ -~]/y)?.[0] ?? source.fail('\\c without a printable character');
  const code = character.toUpperCase().charCodeAt(0) ^ 0x40;
  return [[code, code]];
}
