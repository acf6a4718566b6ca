/**
 * Numbers from 0 to 2^32 - 1, evenly spread over texts: FNV-1a over UTF-8, then the finalizer of MurmurHash3. In two steps,
 * so that a beginning which many texts share is gone through once.
 */
const START = 0x811c9dc5;
const encoder = new TextEncoder();

export const scatter = (text: string): number => scatterOn(begin(text), NOTHING);

/** The state after the beginning of a text. */
export const begin = (text: string): number => spread(START, encoder.encode(text));

/** The number of the text that goes on with these bytes. */
export function scatterOn(begun: number, rest: Uint8Array): number {
  let hash = spread(begun, rest);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

export const bytesOf = (text: string): Uint8Array => encoder.encode(text);

const NOTHING = new Uint8Array();

function spread(from: number, bytes: Uint8Array): number {
  let hash = from;
  for (let at = 0; at < bytes.length; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  return hash;
}
