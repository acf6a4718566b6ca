import { foldCase } from '../ascii-case.ts';
import type { LiteralValue, Node } from '../ast.ts';
import { falseValue, integerValue, realValue, trueValue, undefinedValue } from '../value.ts';
import { parseAbsoluteTime, parseRelativeTime } from './time-text.ts';
import type { Token } from './token.ts';

/** The value of a number, a string or a keyword. */
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

/** `- 5` is the literal -5, however it is spaced: printed, it would be read back so. */
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
 * Values that are written as calls are literals again when read: `absTime("…")` and `relTime("…")`, as HTCondor has
 * it, and `real("INF")`. A text that is no time stays a call, and is an error when evaluated.
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
      // Without its own offset a time depends on where it is evaluated, so that it stays a call.
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
