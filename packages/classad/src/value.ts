import type {
  AbsoluteTimeValue,
  Ad,
  BooleanValue,
  ClassAdValue,
  ErrorValue,
  IntegerValue,
  ListValue,
  RealValue,
  RelativeTimeValue,
  Scope,
  StringValue,
  UndefinedValue,
  Value,
} from './ast.ts';

export const undefinedValue: UndefinedValue = { kind: 'undefined' };
export const trueValue: BooleanValue = { kind: 'boolean', value: true };
export const falseValue: BooleanValue = { kind: 'boolean', value: false };

export function errorValue(reason?: string): ErrorValue {
  return reason === undefined ? { kind: 'error' } : { kind: 'error', reason };
}

export function booleanValue(value: boolean): BooleanValue {
  return value ? trueValue : falseValue;
}

/** Wraps to 64 bits, as HTCondor does. A fractional number is a RangeError: use `realValue`. */
export function integerValue(value: bigint | number): IntegerValue {
  return { kind: 'integer', value: BigInt.asIntN(64, BigInt(value)) };
}

export function realValue(value: number): RealValue {
  return { kind: 'real', value };
}

export function stringValue(value: string): StringValue {
  return { kind: 'string', value };
}

/** A double counts whole seconds exactly up to here, and so the days, hours and minutes that a text names. */
const mostRelativeSeconds = 2 ** 53;

/** Makes a relative time; the error value when it is more than 2^53 seconds either way. */
export function relativeTimeValue(seconds: number): RelativeTimeValue | ErrorValue {
  return Math.abs(seconds) <= mostRelativeSeconds
    ? { kind: 'relativeTime', seconds: seconds + 0 }
    : errorValue('relative time out of range');
}

export function listValue(items: readonly Value[]): ListValue {
  return { kind: 'list', items };
}

export function classAdValue(ad: Ad, scope?: Scope): ClassAdValue {
  return scope === undefined ? { kind: 'classad', ad } : { kind: 'classad', ad, scope };
}

/** Years 1000 to 9999: the textual form has four digits for the year, so only these can be written and read back. */
const earliestSeconds = Date.UTC(1000, 0, 1) / 1000;
const latestSeconds = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;
const secondsPerDay = 86_400;

/** Makes an absolute time; the error value when the year does not have four digits or the offset is a day or more. */
export function absoluteTimeValue(seconds: number, offsetSeconds = 0): AbsoluteTimeValue | ErrorValue {
  const shown = Math.trunc(seconds) + Math.trunc(offsetSeconds);
  const inRange = shown >= earliestSeconds && shown <= latestSeconds;
  if (!inRange || !(Math.abs(offsetSeconds) < secondsPerDay)) {
    return errorValue('absolute time out of range');
  }
  // Adding 0 turns -0 into 0, as it is written.
  return { kind: 'absoluteTime', seconds: Math.trunc(seconds) + 0, offsetSeconds: Math.trunc(offsetSeconds) + 0 };
}

export function isExceptional(value: Value): value is UndefinedValue | ErrorValue {
  return value.kind === 'undefined' || value.kind === 'error';
}

/**
 * Returns a value as `&&`, `||`, `!` and `?:` read it: booleans, and numbers by whether they are zero; undefined for
 * anything else.
 */
export function truthOf(value: Value): boolean | undefined {
  switch (value.kind) {
    case 'boolean':
      return value.value;
    case 'integer':
      return value.value !== 0n;
    case 'real':
      return value.value !== 0;
    default:
      return undefined;
  }
}

/** Returns true only for values that count as true: not for undefined, errors, text, times, lists and ads. */
export function isTrue(value: Value): boolean {
  return truthOf(value) === true;
}
