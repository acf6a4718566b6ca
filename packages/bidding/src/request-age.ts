/** Reads the time in a request's id, and decides whether that is too long ago to know that the request is new. Pure. */
import { GridError, REQUEST_LIMITS } from '@vmgrid/protocol';

const UUID_7 = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/**
 * Returns the time in a request id, in milliseconds since the epoch, when it is a UUID of version 7 (RFC 9562).
 * Undefined for other ids, and for a time after `now`: nobody can have made that id yet.
 */
export function timeOfRequest(requestId: string, now: number): number | undefined {
  const parts = UUID_7.exec(requestId);
  if (!parts) return undefined;
  const time = Number.parseInt(`${parts[1]}${parts[2]}`, 16);
  return time > now + REQUEST_LIMITS.idAheadMs ? undefined : time;
}

/** How far a plant remembers: it knows all requests whose ids have a later time, in milliseconds since the epoch. */
export interface Remembering {
  readonly plantId: string;
  readonly forgottenUntil: number;
}

/** Returns why a request that no plant has is refused: it may have been carried out and forgotten. */
export function expiryOf(
  requestId: string,
  { plantId, forgottenUntil }: Remembering,
  now: number,
): GridError | undefined {
  if (forgottenUntil === 0) return undefined;
  const time = timeOfRequest(requestId, now);
  if (time === undefined || time > forgottenUntil) return undefined;
  const [of, until] = [new Date(time).toISOString(), new Date(forgottenUntil).toISOString()];
  const message =
    `the request id ${requestId} is of ${of}; the plant ${plantId} has forgotten requests up to ${until}: ` +
    'whether it was carried out before cannot be known; use a new id';
  return new GridError('REQUEST_EXPIRED', message, { requestId, of, plantId, forgottenUntil: until });
}
