const escapeOf: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
};
const characterOf: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

function octalBytes(character: string): string {
  return [...new TextEncoder().encode(character)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
}

/**
 * Writes the inside of a quoted string as HTCondor does: named escapes, and three octal digits for each UTF-8 byte that
 * is not printable ASCII. `quote` is escaped too, unless it is empty.
 */
export function escapeString(text: string, quote: '"' | "'" | ''): string {
  return text.replace(/["'\\]|[^ -~]/gu, (character) => {
    if (character === '"' || character === "'") {
      return character === quote ? `\\${character}` : character;
    }
    return escapeOf[character] ?? octalBytes(character);
  });
}

/** Octal escapes are bytes. A run of them is read as UTF-8, or as Latin-1 when it is no valid UTF-8. */
function decodeOctal(run: string): string {
  const bytes = run
    .split('\\')
    .slice(1)
    .map((digits) => Number.parseInt(digits, 8));
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(new Uint8Array(bytes));
  } catch {
    return bytes.map((byte) => String.fromCharCode(byte)).join('');
  }
}

/**
 * Reads the inside of a quoted string. The result may contain U+0000, which no ClassAd string may: callers refuse it.
 */
export function unescapeString(raw: string): string {
  return raw.replace(/(?:\\(?:[0-3][0-7]{0,2}|[4-7][0-7]?))+|\\([^0-7])/gu, (run, escaped?: string) =>
    escaped === undefined ? decodeOctal(run) : (characterOf[escaped] ?? escaped),
  );
}
