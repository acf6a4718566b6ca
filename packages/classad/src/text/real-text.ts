function twoDigitExponent(exponential: string): string {
  const [mantissa = '', exponent = '+0'] = exponential.split('e');
  return `${mantissa}E${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
}

/**
 * C's `%1.15E`, which HTCondor's text and XML forms use. When 16 digits do not give the same double back, 17 are
 * written: the syntax is the same, and nothing is lost.
 */
export function exponentialText(value: number): string {
  const short = value.toExponential(15);
  return twoDigitExponent(Number(short) === value ? short : value.toExponential(16));
}

/** C's `%.16G`, with `.0` when it looks like an integer: HTCondor's JSON and long forms. 17 digits where needed. */
export function generalText(value: number): string {
  const digits = Number(value.toPrecision(16)) === value ? 16 : 17;
  const exponent = Number(value.toExponential(digits - 1).split('e')[1]);
  if (exponent < -4 || exponent >= digits) {
    const [mantissa = '', tail] = value.toExponential(digits - 1).split('e');
    return twoDigitExponent(`${withoutTrailingZeros(mantissa)}e${tail}`);
  }
  const text = withoutTrailingZeros(value.toFixed(digits - 1 - exponent));
  return text.includes('.') ? text : `${text}.0`;
}

function withoutTrailingZeros(text: string): string {
  return text.includes('.') ? text.replace(/0+$/, '').replace(/\.$/, '') : text;
}

export function zeroText(value: number): string {
  return Object.is(value, -0) ? '-0.0' : '0.0';
}

/** `NaN`, `INF` or `-INF`, the argument HTCondor gives to `real("…")`; undefined for a finite number. */
export function nonFiniteName(value: number): string | undefined {
  if (Number.isFinite(value)) {
    return undefined;
  }
  if (Number.isNaN(value)) {
    return 'NaN';
  }
  return value > 0 ? 'INF' : '-INF';
}

const leadingDecimal = /^[ \t-\r]*([+-]?)(?:(inf(?:inity)?)|(nan)|((?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?))/i;
const leadingHexadecimal = /^[ \t-\r]*([+-]?)0x(?=\.?[\da-f])([\da-f]*)\.?([\da-f]*)(?:p([+-]?\d+))?/i;

/**
 * C's strtod: reads the number at the start of the text, decimal or `0x`, whatever follows; undefined when there is
 * none.
 */
export function leadingNumber(text: string): number | undefined {
  return hexadecimalNumber(text) ?? decimalNumber(text);
}

function hexadecimalNumber(text: string): number | undefined {
  const found = leadingHexadecimal.exec(text);
  if (found === null) {
    return undefined;
  }
  const [, sign, whole = '', fraction = '', exponent = '0'] = found;
  const size = Number(`0x${whole}${fraction}`) * 2 ** (Number(exponent) - 4 * fraction.length);
  return sign === '-' ? -size : size;
}

function decimalNumber(text: string): number | undefined {
  const found = leadingDecimal.exec(text);
  if (found === null) {
    return undefined;
  }
  const [, sign, infinity, notANumber, digits] = found;
  const size = infinity !== undefined ? Number.POSITIVE_INFINITY : Number(notANumber !== undefined ? 'NaN' : digits);
  return sign === '-' ? -size : size;
}
