/** Limits the size of documents: the limit of the endpoint, or an owner's smaller quota. */
import { GridError, REQUEST_LIMITS } from '@vmgrid/protocol';
import express, { type RequestHandler } from 'express';

export interface BodyLimit {
  readonly bytes: number;
  /** The owner whose quota this is; left out, it is the limit of the endpoint. */
  readonly owner?: string;
}

/** Returns the bytes that a document of an owner may have; undefined: the limit of the endpoint. */
export type BodyQuota = (owner: string) => number | undefined;

export function bodyLimitOf(quota: BodyQuota | undefined, owner: string | undefined): BodyLimit {
  const bytes = owner === undefined ? undefined : quota?.(owner);
  return bytes === undefined ? { bytes: REQUEST_LIMITS.bodyBytes } : { bytes, owner: owner! };
}

/** `bytes`: size of the document, or of the part that has arrived. */
export function bodyTooLong({ bytes: limit, owner }: BodyLimit, bytes: number): GridError {
  if (owner === undefined)
    return new GridError('BODY_TOO_LARGE', `the document has ${bytes} bytes, the limit is ${limit}`, { bytes, limit });
  const message = `the document has ${bytes} bytes, the quota of ${owner} is ${limit}`;
  return new GridError('QUOTA_BODY', message, { owner, bytes, limit });
}

/** Reads the whole body, whatever its type. */
export function readBody(quota?: BodyQuota): RequestHandler {
  /** By limit, of which there are as many as quotas. */
  const readers = new Map<number, RequestHandler>();
  return (request, response, next) => {
    const limit = bodyLimitOf(quota, response.locals.principal?.owner);
    const read = readers.get(limit.bytes) ?? express.raw({ type: () => true, limit: limit.bytes });
    readers.set(limit.bytes, read);
    read(request, response, (thrown?: unknown) => next(refusalOf(thrown, limit)));
  };
}

/** Errors of express's own body reader carry a `type`, and the size that arrived or was announced. */
function refusalOf(thrown: unknown, limit: BodyLimit): unknown {
  const { type, received, length } = (thrown ?? {}) as { type?: unknown; received?: number; length?: number };
  return type === 'entity.too.large' ? bodyTooLong(limit, received ?? length ?? limit.bytes + 1) : thrown;
}
