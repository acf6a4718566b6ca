/** What the headers of an uploaded content say about it (RFC 9110, RFC 9530). */
import { GridError } from '@vmgrid/protocol';
import type { Request } from 'express';
import { replyMedium } from './negotiate.ts';

const DIGEST = /^sha-256=(:[A-Za-z0-9+/]{43}=:)$/;

/**
 * Refuses a content of another type, one that is encoded or a part of another, and a client that accepts no JSON: all
 * before any byte of it is taken.
 * @throws GridError MEDIA_TYPE_UNSUPPORTED, REQUEST_INVALID or NOT_ACCEPTABLE
 */
export function requireContent(request: Request, type: string): void {
  if (request.is(type) === false) throw new GridError('MEDIA_TYPE_UNSUPPORTED', `this address takes ${type} only`);
  const encoding = request.get('content-encoding') ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') {
    const message = `the Content-Encoding is ${encoding.slice(0, 100)}: send the content as it is`;
    throw new GridError('MEDIA_TYPE_UNSUPPORTED', message, { contentEncoding: encoding.slice(0, 100) });
  }
  if (request.get('content-range') !== undefined) {
    throw new GridError('REQUEST_INVALID', 'there is a Content-Range: send the whole content at once');
  }
  replyMedium(request, ['json']);
}

/**
 * Returns the SHA-256 that `Repr-Digest` or `Content-Digest` announces, as `sha-256=:…:`. The two mean the same for a
 * content that is whole and not encoded.
 * @throws GridError REQUEST_INVALID when one is there without a SHA-256, or the two differ
 */
export function announcedDigest(request: Request): string | undefined {
  const announced = ['Repr-Digest', 'Content-Digest'].flatMap((name) => {
    const text = request.get(name);
    return text === undefined ? [] : [sha256In(name, text)];
  });
  if (new Set(announced).size < 2) return announced[0];
  throw new GridError('REQUEST_INVALID', `Repr-Digest says ${announced[0]}, Content-Digest ${announced[1]}`);
}

/** Digests of other algorithms may stand beside it. */
function sha256In(name: string, text: string): string {
  const found = text.split(',').find((one) => DIGEST.test(one.trim()));
  if (found !== undefined) return found.trim();
  throw new GridError('REQUEST_INVALID', `${name} must have sha-256=:…: with 32 bytes in base64`, {});
}
