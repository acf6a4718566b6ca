import { type AbsoluteTimeValue, absoluteTimeValue, type RelativeTimeValue, relativeTimeValue } from './value.ts';

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

function secondsText(seconds: number): string {
  if (Number.isInteger(seconds)) {
    return twoDigits(seconds);
  }
  // HTCondor keeps six digits (%g); more are written only where six would name another time.
  const short = Number(seconds.toPrecision(6));
  const shown = short === seconds ? short : seconds;
  const text = String(shown);
  return text.includes('e') ? shown.toFixed(20).replace(/0+$/, '') : text;
}

/** `[-][days+][hh:][mm:]ss[.fff]`, leading parts that are zero left out. */
export function relativeTimeText(time: RelativeTimeValue): string {
  const size = Math.abs(time.seconds);
  const whole = Math.floor(size);
  const days = Math.floor(whole / 86_400);
  const hours = Math.floor((whole % 86_400) / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const parts = [secondsText((whole % 60) + (size - whole))];
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
    return { rest: trimmed.slice(0, -1), offsetSeconds: 0 };
  }
  const found = zoneSuffix.exec(text);
  if (found === null) {
    return { rest: text, offsetSeconds: undefined };
  }
  const size = Number(found[2]) * 3600 + Number(found[3]) * 60;
  return { rest: text.slice(0, found.index), offsetSeconds: found[1] === '-' ? -size : size };
}

const longestTimeText = 100;

/**
 * Reads year, then optionally month, day, hour, minute, second, with anything between them that is not a digit, then
 * optionally `Z`, `+hh:mm` or `+hhmm` (manual: absTime). Without an offset the time is read in `localOffsetSeconds`.
 * Undefined where it is no time.
 */
export function parseAbsoluteTime(text: string, localOffsetSeconds = 0): AbsoluteTimeValue | undefined {
  if (text.length > longestTimeText) {
    return undefined;
  }
  const { rest, offsetSeconds = localOffsetSeconds } = splitZone(text);
  const fields = /^\D*(\d{4})(?:\D*(\d\d))?(?:\D*(\d\d))?(?:\D*(\d\d))?(?:\D*(\d\d))?(?:\D*(\d\d))?\D*$/.exec(rest);
  if (fields === null) {
    return undefined;
  }
  const [, year, month = '1', day = '1', hour = '0', minute = '0', second = '0'] = fields;
  const shown = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  const time = absoluteTimeValue(shown / 1000 - offsetSeconds, offsetSeconds);
  return time.kind === 'error' ? undefined : time;
}

/** Reads `1+02:03:04.5` and `1d2h3m4.5s` alike, from the right: seconds are the part that may stand alone. */
export function parseRelativeTime(text: string): RelativeTimeValue | undefined {
  if (text.length > longestTimeText) {
    return undefined;
  }
  let rest = text.trimEnd();
  const take = (pattern: RegExp): number => {
    const found = pattern.exec(rest);
    if (found === null) {
      return 0;
    }
    rest = rest.slice(0, found.index).trimEnd();
    return Number(found[1]);
  };
  const seconds = take(/(\d+\.?\d*|\.\d+)\s*s?$/i);
  const minutes = take(/(\d+)\s*[m:]$/i);
  const hours = take(/(\d+)\s*[h:]$/i);
  const days = take(/(\d+)\s*[d+]$/i);
  const sign = rest === '-' ? -1 : 1;
  if (rest !== '' && rest !== '-') {
    return undefined;
  }
  const size = days * 86_400 + hours * 3600 + minutes * 60 + seconds;
  return Number.isFinite(size) ? relativeTimeValue(sign * size) : undefined;
}
