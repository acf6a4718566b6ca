import type { ClassAd } from './class-ad.ts';
import type { Scope } from './scope.ts';

export type UndefinedValue = { readonly kind: 'undefined' };
/** `reason` is for people ("division by zero"); the language itself sees one single error value. */
export type ErrorValue = { readonly kind: 'error'; readonly reason?: string };
export type BooleanValue = { readonly kind: 'boolean'; readonly value: boolean };
/** HTCondor's integers are 64-bit signed; arithmetic wraps as two's complement. */
export type IntegerValue = { readonly kind: 'integer'; readonly value: bigint };
export type RealValue = { readonly kind: 'real'; readonly value: number };
export type StringValue = { readonly kind: 'string'; readonly value: string };
/** Seconds since 1970-01-01T00:00:00Z, with the offset east of Greenwich in which it is written. */
export type AbsoluteTimeValue = {
  readonly kind: 'absoluteTime';
  readonly seconds: number;
  readonly offsetSeconds: number;
};
export type RelativeTimeValue = { readonly kind: 'relativeTime'; readonly seconds: number };
/** Items are evaluated when the list is. */
export type ListValue = { readonly kind: 'list'; readonly items: readonly Value[] };
/** Attributes stay expressions until looked at; `scope` is where they see their enclosing ads. */
export type ClassAdValue = { readonly kind: 'classad'; readonly ad: ClassAd; readonly scope?: Scope };

export type Value =
  | UndefinedValue
  | ErrorValue
  | BooleanValue
  | IntegerValue
  | RealValue
  | StringValue
  | AbsoluteTimeValue
  | RelativeTimeValue
  | ListValue
  | ClassAdValue;

/** A value that can stand as a literal in source text. */
export type LiteralValue = Exclude<Value, ListValue | ClassAdValue>;

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

export function relativeTimeValue(seconds: number): RelativeTimeValue {
  return { kind: 'relativeTime', seconds: seconds + 0 };
}

export function listValue(items: readonly Value[]): ListValue {
  return { kind: 'list', items };
}

export function classAdValue(ad: ClassAd, scope?: Scope): ClassAdValue {
  return scope === undefined ? { kind: 'classad', ad } : { kind: 'classad', ad, scope };
}

/** Years 1000 to 9999: what the textual form, four digits of year, can carry there and back. */
const earliestSeconds = Date.UTC(1000, 0, 1) / 1000;
const latestSeconds = Date.UTC(9999, 11, 30) / 1000;
const secondsPerDay = 86_400;

/** An absolute time, or the error value where the year has no four digits or the offset is a day or more. */
export function absoluteTimeValue(seconds: number, offsetSeconds = 0): AbsoluteTimeValue | ErrorValue {
  const inRange = seconds >= earliestSeconds + secondsPerDay && seconds <= latestSeconds;
  if (!inRange || !(Math.abs(offsetSeconds) < secondsPerDay)) {
    return errorValue('absolute time out of range');
  }
  // Adding 0 makes -0 the 0 it is written as.
  return { kind: 'absoluteTime', seconds: Math.trunc(seconds) + 0, offsetSeconds: Math.trunc(offsetSeconds) + 0 };
}

export function isExceptional(value: Value): value is UndefinedValue | ErrorValue {
  return value.kind === 'undefined' || value.kind === 'error';
}

/** What `&&`, `||`, `!` and `?:` take for a boolean: booleans, and numbers by being zero or not. */
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

/** True only for what counts as true: undefined, error, text, times, lists and ads do not. */
export function isTrue(value: Value): boolean {
  return truthOf(value) === true;
}
