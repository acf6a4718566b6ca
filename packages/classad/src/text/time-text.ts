import type { AbsoluteTimeValue, RelativeTimeValue } from '../ast.ts';
import { absoluteTimeValue, relativeTimeValue } from '../value.ts';

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

/** `2003-01-25T09:00:00-06:00`, always with the offset; HTCondor writes UTC as `-00:00`. */
export function absoluteTimeText(time: AbsoluteTimeValue): string {
  const shown = new Date((time.seconds + time.offsetSeconds) * 1000).toISOString().slice(0, 19);
  const offset = Math.abs(time.offsetSeconds);
  const sign = time.offsetSeconds > 0 ? '+' : '-';
  return `${shown}${sign}${twoDigits(Math.floor(offset / 3600))}:${twoDigits(Math.floor(offset / 60) % 60)}`;
}

/**
 * Returns the decimal digits after the point of a number from 0 up, as many as are needed to read the same number back.
 */
function fractionDigits(size: number): string {
  const [mantissa = '', exponent] = String(size).split('e-');
  const [whole = '', digits = ''] = mantissa.split('.');
  return exponent === undefined ? digits : `${'0'.repeat(Number(exponent) - 1)}${whole}${digits}`;
}

/** `[-][days+][hh:][mm:]ss[.fff]`, without leading parts that are zero. */
export function relativeTimeText(time: RelativeTimeValue): string {
  const size = Math.abs(time.seconds);
  const whole = Math.floor(size);
  const days = Math.floor(whole / 86_400);
  const hours = Math.floor((whole % 86_400) / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const fraction = fractionDigits(size);
  // A fraction turns the padding off: HTCondor writes 05 and 5.5 (%02g).
  const parts = [fraction === '' ? twoDigits(whole % 60) : `${whole % 60}.${fraction}`];
  if (days > 0 || hours > 0 || minutes > 0) {
    parts.unshift(`${twoDigits(minutes)}:`);
  }
  if (days > 0 || hours > 0) {
    parts.unshift(`${twoDigits(hours)}:`);
  }
  if (days > 0) {
    parts.unshift(`${days}+`);
  }
  return `${time.seconds < 0 ? '-' : ''}${parts.join('')}`;
}

const zoneSuffix = /([+-])(\d\d):?(\d\d)$/;

function splitZone(text: string): { rest: string; offsetSeconds: number | undefined } {
  const trimmed = text.trimEnd();
  if (/z$/i.test(trimmed)) {
    return { rest: `${trimmed.slice(0, -1)}${text.slice(trimmed.length)}`, offsetSeconds: 0 };
  }
  const found = zoneSuffix.exec(text);
  if (found === null) {
    return { rest: text, offsetSeconds: undefined };
  }
  const size = Number(found[2]) * 3600 + Number(found[3]) * 60;
  return { rest: text.slice(0, found.index), offsetSeconds: found[1] === '-' ? -size : size };
}

/** Years have four digits, and so do all absolute times. */
const earliestYear = 1000;
/** Enough for the smallest number, which has 324 digits after the point. */
const longestTimeText = 400;

/**
 * Reads a year, then optionally month, day, hour, minute and second, with anything that is no digit between them, then
 * optionally `Z`, `+hh:mm` or `+hhmm` (manual: absTime). As in HTCondor, a field takes its digit and the character
 * after it: `9:30` is half past nine, and a month without a day begins with the day before its first. A time without an
 * offset is read in `localOffsetSeconds`. Undefined when the text is no time.
 */
export function parseAbsoluteTime(text: string, localOffsetSeconds = 0): AbsoluteTimeValue | undefined {
  if (text.length > longestTimeText) {
    return undefined;
  }
  const { rest, offsetSeconds = localOffsetSeconds } = splitZone(text);
  const fields = /^\D*(\d[\s\S]{3})((?:\D*\d[\s\S]){0,5})\D*$/.exec(rest);
  const year = Number.parseInt(fields?.[1] ?? '0', 10);
  if (year < earliestYear) {
    return undefined;
  }
  const parts = (fields?.[2] ?? '').match(/\d[\s\S]/g)?.map((part) => Number.parseInt(part, 10)) ?? [];
  const [month = 1, day = 0, hour = 0, minute = 0, second = 0] = parts;
  const time = absoluteTimeValue(
    Date.UTC(year, month - 1, day, hour, minute, second) / 1000 - offsetSeconds,
    offsetSeconds,
  );
  return time.kind === 'error' ? undefined : time;
}

/**
 * Reads `1+02:03:04.5` and `1d2h3m4.5s`, from the right: only seconds may stand alone. Undefined when the text is no
 * time.
 */
export function parseRelativeTime(text: string): RelativeTimeValue | undefined {
  if (text.length > longestTimeText) {
    return undefined;
  }
  let rest = text.trimEnd();
  const take = (pattern: RegExp): string => {
    const found = pattern.exec(rest);
    rest = rest.slice(0, found?.index).trimEnd();
    return found?.[1] ?? '';
  };
  const [seconds = '', fraction = ''] = take(/(\d*\.?\d+|\d*\.?\d*(?=\s*s))\s*s?$/i).split('.');
  const minutes = Number(take(/(\d*)\s*[m:]$/i));
  const hours = Number(take(/(\d*)\s*[h:]$/i));
  const days = Number(take(/(\d*)\s*[d+]$/i));
  const whole = days * 86_400 + hours * 3600 + minutes * 60 + Number(seconds);
  const sign = rest.trim();
  if ((sign !== '' && sign !== '-') || whole > Number.MAX_SAFE_INTEGER) {
    return undefined;
  }
  const size = Number(`${whole}.${fraction}`);
  const time = relativeTimeValue(sign === '-' ? -size : size);
  return time.kind === 'error' ? undefined : time;
}
