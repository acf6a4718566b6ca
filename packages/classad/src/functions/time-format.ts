/** C's `struct tm`, but with year and month as people count them. */
export interface BrokenDownTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
  /** 0 is Sunday. */
  readonly dayOfWeek: number;
  /** 0 is the first of January. */
  readonly dayOfYear: number;
}

/** Returns the calendar date and time of so many seconds since 1970, without a time zone. */
export function brokenDown(seconds: number): BrokenDownTime {
  const at = new Date(seconds * 1000);
  const year = at.getUTCFullYear();
  return {
    year,
    month: at.getUTCMonth() + 1,
    day: at.getUTCDate(),
    hours: at.getUTCHours(),
    minutes: at.getUTCMinutes(),
    seconds: at.getUTCSeconds(),
    dayOfWeek: at.getUTCDay(),
    dayOfYear: Math.floor((at.getTime() - Date.UTC(year, 0, 1)) / 86_400_000),
  };
}

/**
 * Reads a time from attributes with the names that splitTime uses. Values stay as they are: a month of 13 stays 13.
 * Missing ones are what C's zeroed `struct tm` has; the day of the week and the day of the year are computed
 * (formatTime, day_numbers).
 */
export function timeFromFields(field: (name: string) => number | undefined): BrokenDownTime {
  const [year, month, day] = [field('Year') ?? 1900, field('Month') ?? 1, field('Day') ?? 0];
  const dayNumber = dayNumberOf(year, month, day);
  return {
    year,
    month,
    day,
    hours: field('Hours') ?? 0,
    minutes: field('Minutes') ?? 0,
    seconds: field('Seconds') ?? 0,
    dayOfWeek: dayNumber % 7,
    dayOfYear: dayNumber - dayNumberOf(year, 1, 1),
  };
}

/** Days since 31 December of the year 0 in the Gregorian calendar (Dershowitz and Reingold). */
function dayNumberOf(year: number, month: number, day: number): number {
  const before = year - 1;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const shortFebruary = month <= 2 ? 0 : leap ? 1 : 2;
  const leapDays = Math.trunc(before / 4) - Math.trunc(before / 100) + Math.trunc(before / 400);
  return 365 * before + leapDays + Math.trunc((367 * month - 362) / 12) - shortFebruary + day;
}

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = [
  ...['January', 'February', 'March', 'April', 'May', 'June'],
  ...['July', 'August', 'September', 'October', 'November', 'December'],
];

function padded(value: number, width = 2, fill = '0'): string {
  return String(value).padStart(width, fill);
}

function hour12(time: BrokenDownTime): number {
  if (time.hours === 0) {
    return 12;
  }
  return time.hours > 12 ? time.hours - 12 : time.hours;
}

/** Days before the year's first day with weekday 0 are in week 0. */
function weekOfYear(time: BrokenDownTime, weekday: number): number {
  return Math.trunc((time.dayOfYear - weekday + 7) / 7);
}

/** 0 is Monday. */
function dayFromMonday(time: BrokenDownTime): number {
  return (time.dayOfWeek + 6) % 7;
}

/** Year and week of ISO 8601: weeks begin on Monday, and the first week has the year's first Thursday. */
function isoWeek(time: BrokenDownTime): { year: number; week: number } {
  const thursday = time.dayOfYear - dayFromMonday(time) + 3;
  const yearLength = dayNumberOf(time.year + 1, 1, 1) - dayNumberOf(time.year, 1, 1);
  if (thursday >= yearLength) {
    return { year: time.year + 1, week: Math.floor((thursday - yearLength) / 7) + 1 };
  }
  const previous = dayNumberOf(time.year, 1, 1) - dayNumberOf(time.year - 1, 1, 1);
  return thursday < 0
    ? { year: time.year - 1, week: Math.floor((thursday + previous) / 7) + 1 }
    : { year: time.year, week: Math.floor(thursday / 7) + 1 };
}

function lastTwoDigits(year: number): string {
  return padded(((year % 100) + 100) % 100);
}

/** The conversions of ANSI C's strftime in the C locale, and those that glibc adds. */
const conversions: Readonly<Record<string, (time: BrokenDownTime) => string>> = {
  a: (time) => days[time.dayOfWeek]?.slice(0, 3) ?? '?',
  A: (time) => days[time.dayOfWeek] ?? '?',
  b: (time) => months[time.month - 1]?.slice(0, 3) ?? '?',
  B: (time) => months[time.month - 1] ?? '?',
  c: (time) => formatTime(time, '%a %b %e %H:%M:%S %Y'),
  C: (time) => String(Math.floor(time.year / 100)),
  d: (time) => padded(time.day),
  D: (time) => formatTime(time, '%m/%d/%y'),
  e: (time) => padded(time.day, 2, ' '),
  F: (time) => formatTime(time, '%Y-%m-%d'),
  g: (time) => lastTwoDigits(isoWeek(time).year),
  G: (time) => String(isoWeek(time).year),
  h: (time) => formatTime(time, '%b'),
  H: (time) => padded(time.hours),
  I: (time) => padded(hour12(time)),
  j: (time) => padded(time.dayOfYear + 1, 3),
  k: (time) => padded(time.hours, 2, ' '),
  l: (time) => padded(hour12(time), 2, ' '),
  m: (time) => padded(time.month),
  M: (time) => padded(time.minutes),
  n: () => '\n',
  p: (time) => (time.hours < 12 ? 'AM' : 'PM'),
  P: (time) => (time.hours < 12 ? 'am' : 'pm'),
  r: (time) => formatTime(time, '%I:%M:%S %p'),
  R: (time) => formatTime(time, '%H:%M'),
  S: (time) => padded(time.seconds),
  t: () => '\t',
  T: (time) => formatTime(time, '%H:%M:%S'),
  u: (time) => String(dayFromMonday(time) + 1),
  U: (time) => padded(weekOfYear(time, time.dayOfWeek)),
  V: (time) => padded(isoWeek(time).week),
  w: (time) => String(time.dayOfWeek),
  W: (time) => padded(weekOfYear(time, dayFromMonday(time))),
  x: (time) => formatTime(time, '%m/%d/%y'),
  X: (time) => formatTime(time, '%H:%M:%S'),
  y: (time) => lastTwoDigits(time.year),
  Y: (time) => String(time.year),
  // The name of the time zone is not known here. HTCondor clears it too.
  Z: () => '',
  '%': () => '%',
};

/** An unknown conversion stays as it is written. */
export function formatTime(time: BrokenDownTime, format: string): string {
  return format.replace(/%([\s\S])/g, (whole, letter: string) => conversions[letter]?.(time) ?? whole);
}
