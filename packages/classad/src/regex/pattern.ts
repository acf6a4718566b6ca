/** Ranges of code points, both ends included. */
export type Range = readonly [first: number, last: number];

export interface CharacterSet {
  /** Merged: in order, none touching another. */
  readonly ranges: readonly Range[];
  readonly negated: boolean;
  readonly ignoreCase: boolean;
}

export type Assertion =
  | 'textStart'
  | 'searchStart'
  | 'lineStart'
  | 'textEnd'
  | 'lineEnd'
  | 'absoluteEnd'
  | 'wordBoundary'
  | 'noWordBoundary';

/** The syntax tree of a regular expression. No part of it needs backtracking. */
export type Pattern =
  | { readonly kind: 'set'; readonly set: CharacterSet }
  | { readonly kind: 'assert'; readonly assertion: Assertion }
  /** `\K`: the match begins here. */
  | { readonly kind: 'restart' }
  | { readonly kind: 'sequence'; readonly items: readonly Pattern[] }
  | { readonly kind: 'choice'; readonly branches: readonly Pattern[] }
  | {
      readonly kind: 'repeat';
      readonly item: Pattern;
      readonly least: number;
      readonly most: number;
      readonly lazy: boolean;
    }
  | { readonly kind: 'capture'; readonly index: number; readonly item: Pattern };

/** A pattern that is malformed, needs backtracking (backreferences, lookaround, atomic groups), or is too large. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
}

const lastCodePoint = 0x10ffff;

/** Merges ranges: in order, none touching another. So a class of thousands is searched as fast as one of three. */
export function merged(ranges: readonly Range[]): Range[] {
  const apart: [number, number][] = [];
  for (const [first, last] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const before = apart.at(-1);
    if (before !== undefined && first <= before[1] + 1) {
      before[1] = Math.max(before[1], last);
    } else {
      apart.push([first, last]);
    }
  }
  return apart;
}

export function complement(ranges: readonly Range[]): Range[] {
  const gaps: Range[] = [];
  let next = 0;
  for (const [first, last] of merged(ranges)) {
    if (first > next) {
      gaps.push([next, first - 1]);
    }
    next = Math.max(next, last + 1);
  }
  return next > lastCodePoint ? gaps : [...gaps, [next, lastCodePoint]];
}

function inRanges(code: number, ranges: readonly Range[]): boolean {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const [first, last] = ranges[middle] ?? [code, code];
    if (code >= first && code <= last) {
      return true;
    }
    [low, high] = code < first ? [low, middle] : [middle + 1, high];
  }
  return false;
}

function otherCases(code: number): number[] {
  const character = String.fromCodePoint(code);
  const cases = [character.toLowerCase(), character.toUpperCase()];
  // A case variant of several characters (SS for ß) does not count.
  return cases.filter((other) => [...other].length === 1).map((other) => other.codePointAt(0) ?? code);
}

export function setHas(set: CharacterSet, code: number): boolean {
  const found =
    inRanges(code, set.ranges) || (set.ignoreCase && otherCases(code).some((other) => inRanges(other, set.ranges)));
  return found !== set.negated;
}
