/**
 * Hashes of texts and pairs of texts, evenly spread from 0 to 2^32 - 1: FNV-1a over UTF-8, then the finalizer of
 * MurmurHash3. The hash of a pair combines the hashes of its texts, so that each text is read once.
 */
const { imul } = Math;
const START = 0x811c9dc5;
const WIDE_START = 0x41c6ce57;
const encoder = new TextEncoder();

export function hash32(text: string): number {
  let hash = START;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit > 0x7f) return hash32Bytes(encoder.encode(text));
    hash = mix(hash, unit); // ids are ASCII: their characters are their bytes
  }
  return finish(hash);
}

function hash32Bytes(bytes: Uint8Array): number {
  let hash = START;
  for (const byte of bytes) hash = mix(hash, byte);
  return finish(hash);
}

const mix = (hash: number, byte: number): number => imul(hash ^ byte, 0x01000193);

/** A hash from 0 to 2^53 - 1, over UTF-16. A million texts hardly ever have two equal hashes. */
export function hash53(text: string): number {
  let [low, high] = [START, WIDE_START];
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    low = imul(low ^ unit, 0x9e3779b1);
    high = imul(high ^ unit, 0x5f356495);
  }
  return (finish(high) >>> 11) * 2 ** 32 + finish(low);
}

/** Changing the text on one side puts the texts of the other side in an unrelated order. */
export const hash32Pair = (one: number, other: number): number => finish(one ^ other);

/**
 * The same order as `hash32Pair`, but from -2^31 on: JavaScript engines store such numbers without an object, which
 * matters for thousands of pairs.
 */
export const hash32PairSigned = (one: number, other: number): number => mixed(one ^ other) ^ SIGN_BIT;

const SIGN_BIT = -(2 ** 31);

const finish = (state: number): number => mixed(state) >>> 0;

function mixed(state: number): number {
  let hash = imul(state ^ (state >>> 16), 0x85ebca6b);
  hash = imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
