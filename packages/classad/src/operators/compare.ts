import { foldCase } from '../ascii-case.ts';
import type { BinaryOperator, Value } from '../ast.ts';
import { booleanValue, errorValue, integerValue } from '../value.ts';

export type Comparison = '<' | '<=' | '==' | '!=' | '>=' | '>';
type Ordered = number | bigint | string;

function holds(operator: Comparison, left: Ordered, right: Ordered): boolean {
  switch (operator) {
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '==':
      // biome-ignore lint/suspicious/noDoubleEquals: 1n == 1 is how an integer meets a real
      return left == right;
    case '!=':
      // biome-ignore lint/suspicious/noDoubleEquals: as above
      return left != right;
    case '>=':
      return left >= right;
    case '>':
      return left > right;
  }
}

/** Booleans count as 0 and 1. An integer that meets a real becomes a real first, and loses digits past 2^53 as in C. */
function numbers(left: Value, right: Value): [Ordered, Ordered] | undefined {
  const [a, b] = [asNumber(left), asNumber(right)];
  if (a === undefined || b === undefined) {
    return undefined;
  }
  return typeof a === typeof b ? [a, b] : [Number(a), Number(b)];
}

function asNumber(value: Value): number | bigint | undefined {
  if (value.kind === 'boolean') {
    return value.value ? 1n : 0n;
  }
  return value.kind === 'integer' || value.kind === 'real' ? value.value : undefined;
}

/** `<` to `>` on two values that are neither undefined nor error. Strings compare without regard to ASCII case. */
export function compare(operator: Comparison, left: Value, right: Value): Value {
  if (left.kind === 'string' && right.kind === 'string') {
    return booleanValue(holds(operator, foldCase(left.value), foldCase(right.value)));
  }
  const pair = numbers(left, right);
  if (pair !== undefined) {
    return booleanValue(holds(operator, ...pair));
  }
  const times = left.kind === right.kind && (left.kind === 'absoluteTime' || left.kind === 'relativeTime');
  if (times && (right.kind === 'absoluteTime' || right.kind === 'relativeTime')) {
    return booleanValue(holds(operator, left.seconds, right.seconds));
  }
  return errorValue(`a ${left.kind} cannot be compared with a ${right.kind}`);
}

/**
 * `=?=` (also written `is`) and `=!=`: the same type and the same value, with case, undefined and error included. The
 * result is never undefined. Comparing two lists or two ads is an error, as in HTCondor.
 */
export function compareIdentity(operator: BinaryOperator & ('=?=' | '=!='), left: Value, right: Value): Value {
  const same = identical(left, right);
  if (same === undefined) {
    return errorValue(`a ${left.kind} cannot be compared with a ${right.kind}`);
  }
  return booleanValue(operator === '=?=' ? same : !same);
}

function identical(left: Value, right: Value): boolean | undefined {
  if (left.kind !== right.kind) {
    return false;
  }
  switch (left.kind) {
    case 'undefined':
    case 'error':
      return true;
    case 'list':
    case 'classad':
      return undefined;
    case 'absoluteTime': {
      const other = right as typeof left;
      return left.seconds === other.seconds && left.offsetSeconds === other.offsetSeconds;
    }
    case 'relativeTime':
      return left.seconds === (right as typeof left).seconds;
    default:
      return left.value === (right as typeof left).value;
  }
}

export function asInteger(value: Value): Value {
  return value.kind === 'boolean' ? integerValue(value.value ? 1 : 0) : value;
}
