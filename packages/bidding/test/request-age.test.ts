import { expect, test } from '@jest/globals';
import { expiryOf, timeOfRequest } from '@vmgrid/bidding';
import { REQUEST_LIMITS } from '@vmgrid/protocol';
import { v4, v7 } from 'uuid';

const NOW = Date.parse('2026-06-01T00:00:00Z');
const idOf = (msecs: number): string => v7({ msecs });

test('a UUID of version 7 carries its time, in capitals too; other ids carry none', () => {
  expect(timeOfRequest(idOf(NOW - 5), NOW)).toBe(NOW - 5);
  expect(timeOfRequest(idOf(NOW - 5).toUpperCase(), NOW)).toBe(NOW - 5);
  for (const id of [v4(), 'request-1', `${idOf(NOW)}x`]) expect(timeOfRequest(id, NOW)).toBeUndefined();
});

test('an id that is further ahead of the clock than clocks differ carries no time', () => {
  const { idAheadMs } = REQUEST_LIMITS;
  expect(timeOfRequest(idOf(NOW + idAheadMs), NOW)).toBe(NOW + idAheadMs);
  expect(timeOfRequest(idOf(NOW + idAheadMs + 1), NOW)).toBeUndefined();
});

test('a request as old as what a plant has forgotten is refused with both times; a later one and any at a plant that forgot none is not', () => {
  const remembering = { plantId: 'plant-1', forgottenUntil: NOW - 1_000 };
  const requestId = idOf(NOW - 1_000);
  expect(expiryOf(requestId, remembering, NOW)).toMatchObject({
    code: 'REQUEST_EXPIRED',
    message: `the request id ${requestId} is of 2026-05-31T23:59:59.000Z; the plant plant-1 has forgotten requests up to 2026-05-31T23:59:59.000Z: whether it was carried out before cannot be known; use a new id`,
  });
  expect(expiryOf(idOf(NOW - 999), remembering, NOW)).toBeUndefined();
  expect(expiryOf('request-1', remembering, NOW)).toBeUndefined();
  expect(expiryOf(idOf(0), { ...remembering, forgottenUntil: 0 }, NOW)).toBeUndefined();
});
