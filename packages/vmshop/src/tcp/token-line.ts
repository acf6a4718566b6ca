/**
 * A client of the TCP endpoint says who it is in a line of its own before the document: its token, as the file of a
 * token has it, so that `cat TOKEN-FILE DOCUMENT | nc -N HOST PORT` is a request.
 */
const NEWLINE = 0x0a;
/** A longer line is no token. */
const LINE_BYTES = 8_192;
/** An XML document begins with one of these bytes: a tag, white space, or a byte order mark in UTF-8 or UTF-16. */
const DOCUMENT_BYTES = Buffer.from([0x3c, 0x20, 0x09, 0x0a, 0x0d, 0xef, 0xfe, 0xff]);

export type Opening =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'token'; readonly token: string; readonly documentStart: number }
  | { readonly kind: 'none' };

/** Tells how the bytes that came so far begin. */
export function readOpening(bytes: Buffer): Opening {
  const [first] = bytes;
  if (first === undefined) return { kind: 'incomplete' };
  if (DOCUMENT_BYTES.includes(first)) return { kind: 'none' };
  const end = bytes.subarray(0, LINE_BYTES).indexOf(NEWLINE);
  if (end >= 0) return { kind: 'token', token: bytes.toString('latin1', 0, end).trim(), documentStart: end + 1 };
  return bytes.length < LINE_BYTES ? { kind: 'incomplete' } : { kind: 'none' };
}
