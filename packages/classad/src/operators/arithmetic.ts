import type { ErrorValue, RealValue, Value } from '../ast.ts';
import { absoluteTimeValue, errorValue, integerValue, realValue, relativeTimeValue } from '../value.ts';
import { asInteger } from './compare.ts';

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%';

const smallest = -(2n ** 63n);
const largest = 2n ** 63n - 1n;

/** `+ - * / %` on two values that are neither undefined nor error; booleans count as 0 and 1, but not beside times. */
export function arithmetic(operator: ArithmeticOperator, left: Value, right: Value): Value {
  const [a, b] = [asInteger(left), asInteger(right)];
  if (a.kind === 'integer' && b.kind === 'integer') {
    return onIntegers(operator, a.value, b.value);
  }
  if ((a.kind === 'integer' || a.kind === 'real') && (b.kind === 'integer' || b.kind === 'real')) {
    return onReals(operator, Number(a.value), Number(b.value));
  }
  return onTimes(operator, left, right) ?? errorValue(`a ${left.kind} ${operator} a ${right.kind} has no meaning`);
}

export function negative(value: Value): Value {
  switch (value.kind) {
    case 'integer':
      return integerValue(-value.value);
    case 'real':
      return realValue(-value.value);
    case 'relativeTime':
      return relativeTimeValue(-value.seconds);
    default:
      return errorValue(`a ${value.kind} has no negative`);
  }
}

function onIntegers(operator: ArithmeticOperator, a: bigint, b: bigint): Value {
  switch (operator) {
    case '+':
      return integerValue(a + b);
    case '-':
      return integerValue(a - b);
    case '*':
      return integerValue(a * b);
    case '/':
      if (b === 0n) {
        return errorValue('division by zero');
      }
      // The only quotient that does not fit; HTCondor gives the largest integer for it.
      return integerValue(a === smallest && b === -1n ? largest : a / b);
    case '%':
      return b === 0n ? errorValue('division by zero') : integerValue(a % b);
  }
}

function onReals(operator: ArithmeticOperator, a: number, b: number): RealValue | ErrorValue {
  switch (operator) {
    case '+':
      return finite(a + b);
    case '-':
      return finite(a - b);
    case '*':
      return finite(a * b);
    case '/':
      return finite(a / b);
    case '%':
      return errorValue('% has no meaning on reals');
  }
}

/** HTCondor makes positive infinity an error, and lets negative infinity and NaN through. */
function finite(value: number): RealValue | ErrorValue {
  return value === Number.POSITIVE_INFINITY ? errorValue('real overflow') : realValue(value);
}

function onTimes(operator: ArithmeticOperator, a: Value, b: Value): Value | undefined {
  switch (operator) {
    case '+':
      return sum(a, b) ?? (b.kind === 'absoluteTime' ? sum(b, a) : undefined);
    case '-':
      return difference(a, b);
    case '*':
      return scaled(a, b, (seconds, by) => seconds * by) ?? scaled(b, a, (seconds, by) => seconds * by);
    case '/':
      return scaled(a, b, (seconds, by) => seconds / by);
    case '%':
      return undefined;
  }
}

function sum(a: Value, b: Value): Value | undefined {
  if (b.kind !== 'relativeTime') {
    return undefined;
  }
  if (a.kind === 'absoluteTime') {
    return absoluteTimeValue(a.seconds + Math.trunc(b.seconds), a.offsetSeconds);
  }
  return a.kind === 'relativeTime' ? relativeTimeValue(a.seconds + b.seconds) : undefined;
}

function difference(a: Value, b: Value): Value | undefined {
  if (a.kind === 'absoluteTime' && b.kind === 'absoluteTime') {
    return relativeTimeValue(a.seconds - b.seconds);
  }
  return b.kind === 'relativeTime' ? sum(a, { ...b, seconds: -b.seconds }) : undefined;
}

function scaled(time: Value, by: Value, scale: (seconds: number, by: number) => number): Value | undefined {
  if (time.kind !== 'relativeTime' || (by.kind !== 'integer' && by.kind !== 'real')) {
    return undefined;
  }
  return relativeTimeValue(scale(time.seconds, Number(by.value)));
}
