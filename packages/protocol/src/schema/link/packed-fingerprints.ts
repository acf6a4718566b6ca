/**
 * Packs very many fingerprints into one text: base64 of little-endian 32-bit numbers. A JSON list costs several times
 * as much to read and to hold.
 */
import { endianness } from 'node:os';
import { Type } from 'typebox';
import { GridError } from '../../errors/grid-error.ts';
import { STANDING_LIMITS } from '../../limits.ts';

const FINGERPRINT_BYTES = 4;
const MOST_CHARS = Math.ceil((STANDING_LIMITS.held * FINGERPRINT_BYTES) / 3) * 4;

export const PackedFingerprints = Type.String({ pattern: '^[A-Za-z0-9+/]*={0,2}$', maxLength: MOST_CHARS });

export function packFingerprints(fingerprints: Iterable<number>): string {
  const all = Uint32Array.from(fingerprints);
  const view = new DataView(new ArrayBuffer(all.byteLength));
  for (let at = 0; at < all.length; at++) view.setUint32(at * FINGERPRINT_BYTES, all[at]!, true);
  return Buffer.from(view.buffer).toString('base64');
}

/** @throws GridError LINK_PROTOCOL when the text does not end with a whole fingerprint */
export function unpackFingerprints(text: string): Uint32Array {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length % FINGERPRINT_BYTES !== 0) {
    throw new GridError(
      'LINK_PROTOCOL',
      `${bytes.length} bytes of fingerprints are no multiple of ${FINGERPRINT_BYTES}`,
    );
  }
  if (endianness() === 'BE') bytes.swap32();
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / FINGERPRINT_BYTES);
}
