/** When a request was made, as its id says, and whether that is too long ago to know that it is new. Pure. */
import { GridError, REQUEST_LIMITS } from '@vmgrid/protocol';

const UUID_7 = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/**
 * The time that a request id carries, in milliseconds since the epoch, when it is a UUID of version 7 (RFC 9562).
 * Undefined for others, and for one that is ahead of `now`: nobody has made it then.
 */
export function timeOfRequest(requestId: string, now: number): number | undefined {
  const parts = UUID_7.exec(requestId);
  if (!parts) return undefined;
  const time = Number.parseInt(`${parts[1]}${parts[2]}`, 16);
  return time > now + REQUEST_LIMITS.idAheadMs ? undefined : time;
}

/** What a plant remembers: all requests whose ids are of a later time, in milliseconds since the epoch. */
export interface Remembering {
  readonly plantId: string;
  readonly forgottenUntil: number;
}

/** Why a request that nobody holds is not carried out: it may have been, and be forgotten. */
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
