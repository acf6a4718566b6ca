import type { Token } from './token.ts';

/** Scale factors of the ClassAd language reference; HTCondor's library had them until 2019 and gave reals, as here. */
const factors: Readonly<Record<string, number>> = { B: 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

const numberPattern = /(-?)(?:(0[xX][0-9a-fA-F]+)|((?:\d+\.\d+|\.\d+|\d+)(?:[eE][+-]?\d+)?))([BKMGTbkmgt]?)(?![\w.])/y;
const largest = 2n ** 63n;
/** Far more digits than 64 bits need, in any base. The limit keeps BigInt from working on megabytes of digits. */
const mostDigits = 100;

export interface NumberLiteral {
  readonly token: Token;
  readonly end: number;
}

/**
 * Reads the number at `at`: decimal, `0x` hexadecimal or real. Returns a string that says what is wrong when it is
 * malformed. A 0 before other digits is an error too: it means octal in the language reference and decimal in
 * HTCondor's code, and HTCondor's tools refuse it.
 */
export function readNumber(text: string, at: number): NumberLiteral | string {
  numberPattern.lastIndex = at;
  const found = numberPattern.exec(text);
  const end = numberPattern.lastIndex;
  if (found === null) {
    return 'malformed number';
  }
  const [, sign, hexadecimal, decimal = '', suffix = ''] = found;
  const factor = factors[suffix.toUpperCase()];
  if (hexadecimal === undefined && /[.eE]/.test(decimal)) {
    const value = Number(`${sign}${decimal}`) * (factor ?? 1);
    return { token: { kind: 'real', value, at }, end };
  }
  if (/^0\d/.test(decimal)) {
    return 'integer with a leading zero';
  }
  const size = end - at > mostDigits ? largest + 1n : BigInt(hexadecimal ?? decimal);
  const value = sign === '-' ? -size : size;
  if (value >= largest || value < -largest) {
    return 'integer does not fit 64 bits';
  }
  const token: Token =
    factor === undefined ? { kind: 'integer', value, at } : { kind: 'real', value: Number(value) * factor, at };
  return { token, end };
}
