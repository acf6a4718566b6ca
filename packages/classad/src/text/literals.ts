import { foldCase } from '../ascii-case.ts';
import type { LiteralValue, Node } from '../ast.ts';
import { falseValue, integerValue, realValue, trueValue, undefinedValue } from '../value.ts';
import { parseAbsoluteTime, parseRelativeTime } from './time-text.ts';
import type { Token } from './token.ts';

/** Returns the value of a number, a string or a keyword. */
export function literalOf(token: Exclude<Token, { kind: 'identifier' | 'symbol' | 'end' }>): LiteralValue {
  if (token.kind !== 'keyword') {
    return { kind: token.kind, value: token.value } as LiteralValue;
  }
  switch (token.value) {
    case 'true':
      return trueValue;
    case 'false':
      return falseValue;
    case 'undefined':
      return undefinedValue;
    case 'error':
      return { kind: 'error' };
  }
}

/** `- 5` is the literal -5, whatever the spacing, because its printed form is read back so. */
export function negatedLiteral(node: Node): Node | undefined {
  if (node.kind !== 'literal') {
    return undefined;
  }
  const { value } = node;
  if (value.kind === 'integer' && value.value >= 0n) {
    return { kind: 'literal', value: integerValue(-value.value) };
  }
  if (value.kind === 'real' && !(value.value < 0 || Object.is(value.value, -0))) {
    return { kind: 'literal', value: realValue(-value.value) };
  }
  return undefined;
}

const nonFinite: ReadonlyMap<string, number> = new Map([
  ['INF', Number.POSITIVE_INFINITY],
  ['-INF', Number.NEGATIVE_INFINITY],
  ['NaN', Number.NaN],
]);

/**
 * Values that are printed as calls become literals again when read: `absTime("…")` and `relTime("…")`, as in HTCondor,
 * and `real("INF")`. A text that is no time stays a call, and gives an error when evaluated.
 */
export function calledLiteral(name: string, args: readonly Node[]): Node | undefined {
  const [argument, second] = args;
  if (second !== undefined || argument?.kind !== 'literal' || argument.value.kind !== 'string') {
    return undefined;
  }
  const value = literalFrom(foldCase(name), argument.value.value);
  return value && { kind: 'literal', value };
}

function literalFrom(name: string, text: string): LiteralValue | undefined {
  switch (name) {
    case 'reltime':
      return parseRelativeTime(text);
    case 'abstime': {
      const time = parseAbsoluteTime(text, 0);
      // A time without an offset depends on where it is evaluated, so it stays a call.
      return time?.seconds === parseAbsoluteTime(text, 3600)?.seconds ? time : undefined;
    }
    case 'real': {
      const value = nonFinite.get(text);
      return value === undefined ? undefined : realValue(value);
    }
    default:
      return undefined;
  }
}
