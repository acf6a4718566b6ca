/**
 * A client of the TCP endpoint says who it is in a line of its own before the document: its token, as the file of a
 * token has it, so that `cat TOKEN-FILE DOCUMENT | nc -N HOST PORT` is a request.
 */
const NEWLINE = 0x0a;
/** A longer line is no token. */
const LINE_BYTES = 8_192;
/** May stand before the token: editors write a byte order mark, and files have blanks and empty lines. */
const MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const BLANKS = Buffer.from(' \t\r\n');
/** After them an XML document begins with one of these bytes: a tag, or a byte order mark in UTF-16. */
const DOCUMENT_BYTES = Buffer.from([0x3c, 0xfe, 0xff]);

export type Opening =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'token'; readonly token: string; readonly documentStart: number }
  | { readonly kind: 'none' };

/** Tells how the bytes that came so far begin. */
export function readOpening(bytes: Buffer): Opening {
  const start = startOf(bytes);
  const first = bytes[start];
  if (first !== undefined && DOCUMENT_BYTES.includes(first)) return { kind: 'none' };
  const end = first === undefined ? -1 : bytes.subarray(0, LINE_BYTES).indexOf(NEWLINE, start);
  if (end >= 0) return { kind: 'token', token: bytes.toString('latin1', start, end).trim(), documentStart: end + 1 };
  return bytes.length < LINE_BYTES ? { kind: 'incomplete' } : { kind: 'none' };
}

/** Returns where anything but a mark and blanks begins; the end, while it has not come. */
function startOf(bytes: Buffer): number {
  const begin = bytes.subarray(0, MARK.length);
  if (begin.equals(MARK.subarray(0, begin.length)) && begin.length < MARK.length) return bytes.length;
  let start = begin.equals(MARK) ? MARK.length : 0;
  while (start < bytes.length && BLANKS.includes(bytes[start]!)) start += 1;
  return start;
}
