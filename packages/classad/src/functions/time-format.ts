/** C's `struct tm`, with the year and month as people count them. */
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

/** The calendar at so many seconds since 1970, with no zone applied. */
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

/** Seconds since 1970 from attributes named as splitTime names them; those that are missing count as the earliest. */
export function timeFromFields(field: (name: string) => number | undefined): number {
  const bounded = (name: string, otherwise: number) => Math.min(9999, Math.max(0, field(name) ?? otherwise));
  const day = Date.UTC(bounded('Year', 1970), bounded('Month', 1) - 1, bounded('Day', 1));
  return day / 1000 + bounded('Hours', 0) * 3600 + bounded('Minutes', 0) * 60 + bounded('Seconds', 0);
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
  return time.hours % 12 === 0 ? 12 : time.hours % 12;
}

/** Weeks begin on `firstDay`; days before the first such day are in week 0. */
function weekOfYear(time: BrokenDownTime, firstDay: 0 | 1): number {
  return Math.floor((time.dayOfYear + 7 - ((time.dayOfWeek + 7 - firstDay) % 7)) / 7);
}

/** The conversions of ANSI C's strftime in the C locale, and the composites glibc users expect. */
const conversions: Readonly<Record<string, (time: BrokenDownTime) => string>> = {
  a: (time) => (days[time.dayOfWeek] ?? '').slice(0, 3),
  A: (time) => days[time.dayOfWeek] ?? '',
  b: (time) => (months[time.month - 1] ?? '').slice(0, 3),
  B: (time) => months[time.month - 1] ?? '',
  c: (time) => `${formatTime(time, '%a %b ')}${padded(time.day, 2, ' ')}${formatTime(time, ' %H:%M:%S %Y')}`,
  d: (time) => padded(time.day),
  D: (time) => formatTime(time, '%m/%d/%y'),
  e: (time) => padded(time.day, 2, ' '),
  F: (time) => formatTime(time, '%Y-%m-%d'),
  h: (time) => (months[time.month - 1] ?? '').slice(0, 3),
  H: (time) => padded(time.hours),
  I: (time) => padded(hour12(time)),
  j: (time) => padded(time.dayOfYear + 1, 3),
  m: (time) => padded(time.month),
  M: (time) => padded(time.minutes),
  n: () => '\n',
  p: (time) => (time.hours < 12 ? 'AM' : 'PM'),
  R: (time) => formatTime(time, '%H:%M'),
  S: (time) => padded(time.seconds),
  t: () => '\t',
  T: (time) => formatTime(time, '%H:%M:%S'),
  U: (time) => padded(weekOfYear(time, 0)),
  w: (time) => String(time.dayOfWeek),
  W: (time) => padded(weekOfYear(time, 1)),
  x: (time) => formatTime(time, '%m/%d/%y'),
  X: (time) => formatTime(time, '%H:%M:%S'),
  y: (time) => padded(time.year % 100),
  Y: (time) => String(time.year),
  // The zone's name is not known here, nor to HTCondor, which clears it.
  Z: () => '',
  '%': () => '%',
};

/** A conversion that is not known stays as it is written. */
export function formatTime(time: BrokenDownTime, format: string): string {
  return format.replace(/%([\s\S])/g, (whole, letter: string) => conversions[letter]?.(time) ?? whole);
}
