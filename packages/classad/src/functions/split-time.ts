import type { AbsoluteTimeValue, ErrorValue, LiteralValue, Value } from '../ast.ts';
import { ClassAd } from '../class-ad.ts';
import type { Evaluation } from '../evaluation.ts';
import { Expression } from '../expression.ts';
import { absoluteTimeValue, classAdValue, errorValue, integerValue, realValue, stringValue } from '../value.ts';
import { argument, eager } from './function.ts';
import { brokenDown } from './time-format.ts';

function adOf(fields: readonly (readonly [string, LiteralValue])[]): Value {
  return classAdValue(ClassAd.fromEntries(fields.map(([name, value]) => [name, Expression.literal(value)])));
}

/** Reads an instant from an absolute time or from a number of seconds since 1970. */
export function instant(time: Value, evaluation: Evaluation): AbsoluteTimeValue | ErrorValue {
  if (time.kind === 'absoluteTime') {
    return time;
  }
  return time.kind === 'integer' || time.kind === 'real'
    ? absoluteTimeValue(Math.trunc(Number(time.value)), evaluation.world.localOffsetSeconds)
    : errorValue(`a ${time.kind} is no time`);
}

function splitRelative(seconds: number): Value {
  const size = Math.abs(seconds);
  const whole = Math.floor(size);
  const parts = [
    Math.floor(whole / 86_400),
    Math.floor((whole % 86_400) / 3600),
    Math.floor((whole % 3600) / 60),
    (whole % 60) + (size - whole),
  ];
  // Only the largest part that is not zero carries the sign.
  const signed = parts.findIndex((part, index) => part > 0 || index === 3);
  const [days = 0, hours = 0, minutes = 0, rest = 0] = parts.map((part, index) =>
    seconds < 0 && index === signed ? -part : part,
  );
  return adOf([
    ['Type', stringValue('RelativeTime')],
    ['Days', integerValue(days || 0)],
    ['Hours', integerValue(hours || 0)],
    ['Minutes', integerValue(minutes || 0)],
    ['Seconds', realValue(rest)],
  ]);
}

/** A time as an ad of its parts. */
export const splitTime = eager(1, 1, (args, evaluation) => {
  const value = argument(args, 0);
  if (value.kind === 'undefined') {
    return value;
  }
  if (value.kind === 'relativeTime') {
    return splitRelative(value.seconds);
  }
  const time = instant(value, evaluation);
  if (time.kind === 'error') {
    return time;
  }
  const shown = brokenDown(time.seconds + time.offsetSeconds);
  return adOf([
    ['Type', stringValue('AbsoluteTime')],
    ['Year', integerValue(shown.year)],
    ['Month', integerValue(shown.month)],
    ['Day', integerValue(shown.day)],
    ['Hours', integerValue(shown.hours)],
    ['Minutes', integerValue(shown.minutes)],
    ['Seconds', integerValue(shown.seconds)],
    ['Offset', integerValue(time.offsetSeconds)],
  ]);
});
