import type { ErrorValue, Value } from '../ast.ts';
import { toInteger } from '../convert.ts';
import type { Evaluation } from '../evaluation.ts';
import { parseAbsoluteTime, parseRelativeTime } from '../text/time-text.ts';
import {
  absoluteTimeValue,
  errorValue,
  integerValue,
  relativeTimeValue,
  stringValue,
  undefinedValue,
} from '../value.ts';
import { argument, type ClassAdFunction, eager, type FunctionTable } from './function.ts';
import { instant, splitTime } from './split-time.ts';
import { type BrokenDownTime, brokenDown, formatTime, timeFromFields } from './time-format.ts';

/** `now` as an absolute time at the local offset; undefined where the caller gave no clock. */
function currentTime(evaluation: Evaluation): Value {
  const { now, localOffsetSeconds } = evaluation.world;
  return now === undefined ? undefinedValue : absoluteTimeValue(Math.floor(now.getTime() / 1000), localOffsetSeconds);
}

function offsetFrom(value: Value): number | undefined {
  switch (value.kind) {
    case 'integer':
    case 'real':
      return Math.trunc(Number(value.value));
    case 'relativeTime':
      return Math.trunc(value.seconds);
    default:
      return undefined;
  }
}

const absTime = eager(0, 2, (args, evaluation) => {
  const { localOffsetSeconds } = evaluation.world;
  const time = argument(args, 0);
  const offset = args.length === 2 ? offsetFrom(argument(args, 1)) : localOffsetSeconds;
  if (args.length === 0) {
    return currentTime(evaluation);
  }
  if (offset === undefined) {
    return errorValue('a time zone is a number of seconds');
  }
  switch (time.kind) {
    case 'undefined':
    case 'absoluteTime':
      return time;
    case 'integer':
    case 'real':
      return absoluteTimeValue(Math.trunc(Number(time.value)), offset);
    case 'relativeTime':
      return absoluteTimeValue(Math.trunc(time.seconds), offset);
    case 'string':
      return parseAbsoluteTime(time.value, offset) ?? errorValue('text is no absolute time');
    default:
      return errorValue(`a ${time.kind} is no absolute time`);
  }
});

function toRelativeTime(time: Value): Value {
  switch (time.kind) {
    case 'undefined':
    case 'relativeTime':
      return time;
    case 'integer':
    case 'real':
      return relativeTimeValue(Number(time.value));
    case 'absoluteTime':
      return relativeTimeValue(time.seconds);
    case 'string':
      return parseRelativeTime(time.value) ?? errorValue('text is no relative time');
    default:
      return errorValue(`a ${time.kind} is no relative time`);
  }
}

const absoluteFields: Readonly<Record<string, (time: BrokenDownTime) => number>> = {
  getyear: (time) => time.year,
  getmonth: (time) => time.month,
  getdayofyear: (time) => time.dayOfYear,
  getdayofmonth: (time) => time.day,
  getdayofweek: (time) => time.dayOfWeek,
  gethours: (time) => time.hours,
  getminutes: (time) => time.minutes,
  getseconds: (time) => time.seconds,
};
const relativeFields: Readonly<Record<string, (seconds: number) => number>> = {
  getdays: (seconds) => seconds / 86_400,
  gethours: (seconds) => (seconds % 86_400) / 3600,
  getminutes: (seconds) => (seconds % 3600) / 60,
  getseconds: (seconds) => seconds % 60,
};

/** Reads absolute times in the local zone, whatever offset they were written with (getField in fnCall.cpp). */
function field(name: string): ClassAdFunction {
  return eager(1, 1, (args, evaluation) => {
    const time = argument(args, 0);
    const absolute = absoluteFields[name];
    const relative = relativeFields[name];
    if (time.kind === 'absoluteTime' && absolute !== undefined) {
      return integerValue(absolute(brokenDown(time.seconds + evaluation.world.localOffsetSeconds)));
    }
    if (time.kind === 'relativeTime' && relative !== undefined) {
      return integerValue(Math.trunc(relative(Math.trunc(time.seconds))) || 0);
    }
    return errorValue(`a ${time.kind} has no ${name.slice(3)}`);
  });
}

/** Returns the time to show: an instant at its own offset, or an ad as splitTime makes it. */
function shownTime(time: Value, evaluation: Evaluation): BrokenDownTime | ErrorValue {
  if (time.kind === 'classad') {
    return timeFromFields((name) => {
      const part = evaluation.attributeOf(time, name);
      // HTCondor keeps parts in C's int.
      return part.kind === 'integer' ? Number(BigInt.asIntN(32, part.value)) : undefined;
    });
  }
  const at = instant(time, evaluation);
  return at.kind === 'error' ? at : brokenDown(at.seconds + at.offsetSeconds);
}

const formattedTime = eager(0, 2, (args, evaluation) => {
  const time = args.length === 0 ? currentTime(evaluation) : argument(args, 0);
  const format = args.length === 2 ? argument(args, 1) : stringValue('%c');
  if (args.length === 0 && time.kind === 'undefined') {
    return time;
  }
  const shown = shownTime(time, evaluation);
  if ('kind' in shown) {
    return shown;
  }
  if (format.kind !== 'string') {
    return errorValue('a time format is a string');
  }
  evaluation.spend(format.value.length);
  return stringValue(formatTime(shown, format.value));
});

/** `seconds` as days+hh:mm:ss, without leading parts that are zero. */
const interval = eager(1, 1, (args) => {
  const seconds = toInteger(argument(args, 0));
  if (seconds.kind !== 'integer') {
    return errorValue('interval takes a number of seconds');
  }
  const total = seconds.value;
  const [days, hours, minutes, rest] = [total / 86_400n, (total / 3600n) % 24n, (total / 60n) % 60n, total % 60n];
  const two = (part: bigint) => String(part < 0n ? -part : part).padStart(2, '0');
  if (days !== 0n) {
    return stringValue(`${days}+${two(hours)}:${two(minutes)}:${two(rest)}`);
  }
  if (hours !== 0n) {
    return stringValue(`${hours}:${two(minutes)}:${two(rest)}`);
  }
  return stringValue(minutes === 0n ? String(rest) : `${minutes}:${two(rest)}`);
});

function dayTime(evaluation: Evaluation): Value {
  const { now, localOffsetSeconds } = evaluation.world;
  if (now === undefined) {
    return undefinedValue;
  }
  const seconds = Math.floor(now.getTime() / 1000) + localOffsetSeconds;
  return relativeTimeValue(((seconds % 86_400) + 86_400) % 86_400);
}

export const timeFunctions: FunctionTable = {
  time: eager(0, 0, (_args, evaluation) => evaluation.epochSeconds()),
  currenttime: eager(0, 0, (_args, evaluation) => currentTime(evaluation)),
  timezoneoffset: eager(0, 0, (_args, evaluation) => relativeTimeValue(evaluation.world.localOffsetSeconds)),
  daytime: eager(0, 0, (_args, evaluation) => dayTime(evaluation)),
  getyear: field('getyear'),
  getmonth: field('getmonth'),
  getdayofyear: field('getdayofyear'),
  getdayofmonth: field('getdayofmonth'),
  getdayofweek: field('getdayofweek'),
  getdays: field('getdays'),
  gethours: field('gethours'),
  getminutes: field('getminutes'),
  getseconds: field('getseconds'),
  abstime: absTime,
  reltime: eager(1, 1, (args) => toRelativeTime(argument(args, 0))),
  splittime: splitTime,
  formattime: formattedTime,
  interval,
};
