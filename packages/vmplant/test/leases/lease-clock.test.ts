import { expect, test } from '@jest/globals';
import { type HostClock, leaseFor, leaseLeftMs } from '../../src/leases/lease-clock.ts';

const HOUR = 3_600_000;
const T0 = Date.parse('2026-01-01T00:00:00.000Z');

const hostAt = (now: number, uptimeS: number, boot = 'boot-1'): HostClock => ({
  now: () => now,
  uptimeS: () => uptimeS,
  bootId: () => boot,
});

test('a lease has a date for people and an uptime that nobody sets', () => {
  expect(leaseFor(4 * HOUR, hostAt(T0, 1_000))).toEqual({
    leaseEndsAt: '2026-01-01T04:00:00.000Z',
    leaseMark: { bootId: 'boot-1', endsAtS: 15_400 },
  });
});

test.each([
  ['a year ahead', T0 + 365 * 24 * HOUR],
  ['back to 1970', 0],
])('a clock that was set %s while the plant was away does not change what is left', (_, now) => {
  const lease = leaseFor(4 * HOUR, hostAt(T0, 1_000));
  expect(leaseLeftMs(lease, hostAt(now, 1_000 + 3_600))).toBe(3 * HOUR);
});

test('after the host was restarted the date counts, and so it does for a lease without a mark', () => {
  const lease = leaseFor(4 * HOUR, hostAt(T0, 1_000));
  expect(leaseLeftMs(lease, hostAt(T0 + HOUR, 5, 'boot-2'))).toBe(3 * HOUR);
  expect(leaseLeftMs({ leaseEndsAt: lease.leaseEndsAt }, hostAt(T0 + HOUR, 5))).toBe(3 * HOUR);
});

test('of a lease that is over nothing is left', () => {
  expect(leaseLeftMs(leaseFor(HOUR, hostAt(T0, 0)), hostAt(T0, 7_200))).toBe(0);
});
