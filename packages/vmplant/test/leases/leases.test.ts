import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type Clock, systemClock } from '@vmgrid/daemon';
import { hostClock } from '../../src/leases/lease-clock.ts';
import { Leases } from '../../src/leases/leases.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const expired: string[] = [];
const warned: string[] = [];
const leaseOf = (ms: number) => ({ leaseEndsAt: new Date(Date.now() + ms).toISOString() });
const listener = {
  ending: (vmId: string) => void warned.push(vmId),
  ended: (vmId: string) => void expired.push(vmId),
};

beforeEach(() => {
  expired.length = 0;
  warned.length = 0;
});

describe('under the system clock', () => {
  beforeEach(() => {
    jest.useFakeTimers({ now: Date.UTC(2026, 0, 1) });
  });
  afterEach(() => {
    jest.useRealTimers();
  });
  const watching = (warningMs = 0) => new Leases({ clock: systemClock, hostClock, listener }, { warningMs });

  test('a lease that ends is handed over once', async () => {
    const leases = watching();
    leases.watch('vm-1', leaseOf(HOUR));
    await jest.advanceTimersByTimeAsync(HOUR - 1);
    expect(expired).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(expired).toEqual(['vm-1']);
    await jest.advanceTimersByTimeAsync(10 * HOUR);
    expect(expired).toEqual(['vm-1']);
  });

  test('a lease in the past ends at once', async () => {
    watching().watch('vm-1', leaseOf(-DAY));
    await jest.advanceTimersByTimeAsync(0);
    expect(expired).toEqual(['vm-1']);
  });

  test('a lease longer than a timer can be (24.8 days) ends when it should', async () => {
    watching().watch('vm-1', leaseOf(30 * DAY));
    await jest.advanceTimersByTimeAsync(30 * DAY - 1);
    expect(expired).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(expired).toEqual(['vm-1']);
  });

  test('a step of the wall clock does not end a lease that runs', async () => {
    watching().watch('vm-1', leaseOf(4 * HOUR));
    jest.setSystemTime(Date.now() + 365 * DAY);
    await jest.advanceTimersByTimeAsync(4 * HOUR - 1);
    expect(expired).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(expired).toEqual(['vm-1']);
  });

  test('a lease that is watched anew counts from then on', async () => {
    const leases = watching();
    leases.watch('vm-1', leaseOf(HOUR));
    leases.watch('vm-1', leaseOf(2 * HOUR));
    await jest.advanceTimersByTimeAsync(2 * HOUR - 1);
    expect(expired).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(expired).toEqual(['vm-1']);
  });

  test('of a lease that ends soon it is told once, before the end; of a shorter one at once', async () => {
    const leases = watching(HOUR / 2);
    leases.watch('vm-1', leaseOf(HOUR));
    leases.watch('vm-2', leaseOf(HOUR / 4));
    await jest.advanceTimersByTimeAsync(0);
    expect(warned).toEqual(['vm-2']);
    await jest.advanceTimersByTimeAsync(HOUR / 2);
    expect([warned, expired]).toEqual([['vm-2', 'vm-1'], ['vm-2']]);
    await jest.advanceTimersByTimeAsync(HOUR / 2);
    expect([warned, expired]).toEqual([
      ['vm-2', 'vm-1'],
      ['vm-2', 'vm-1'],
    ]);
  });

  test('a lease that is renewed after the warning is warned of anew', async () => {
    const leases = watching(HOUR / 2);
    leases.watch('vm-1', leaseOf(HOUR));
    await jest.advanceTimersByTimeAsync(HOUR / 2);
    leases.watch('vm-1', leaseOf(HOUR));
    await jest.advanceTimersByTimeAsync(HOUR / 2);
    expect([warned, expired]).toEqual([['vm-1', 'vm-1'], []]);
  });

  test('a lease that is forgotten never ends, and leaves no timer', async () => {
    const leases = watching();
    leases.watch('vm-1', leaseOf(HOUR));
    leases.forget('vm-1');
    leases.forget('vm-1');
    expect(jest.getTimerCount()).toBe(0);
    await jest.advanceTimersByTimeAsync(DAY);
    expect(expired).toEqual([]);
  });

  test('when all are forgotten none ends', async () => {
    const leases = watching();
    for (const vmId of ['vm-1', 'vm-2', 'vm-3']) leases.watch(vmId, leaseOf(HOUR));
    leases.forgetAll();
    expect(jest.getTimerCount()).toBe(0);
    await jest.advanceTimersByTimeAsync(DAY);
    expect(expired).toEqual([]);
  });
});

describe('when a lease ends in the very moment in which it is changed', () => {
  /** A clock whose sleeps the test ends; deaf to aborts, as a sleep is that has just ended. */
  const due: (() => void)[] = [];
  const clock: Pick<Clock, 'sleep'> = {
    sleep: (ms) => (ms === 0 ? Promise.resolve() : new Promise((resolve) => void due.push(resolve))),
  };
  beforeEach(() => {
    due.length = 0;
  });

  test('one that is forgotten does not end', async () => {
    const leases = new Leases({ clock, hostClock, listener }, { warningMs: 0 });
    leases.watch('vm-1', leaseOf(HOUR));
    due[0]!();
    leases.forget('vm-1');
    await new Promise(setImmediate);
    expect(expired).toEqual([]);
  });

  test('one that is renewed ends at its new end only', async () => {
    const leases = new Leases({ clock, hostClock, listener }, { warningMs: 0 });
    leases.watch('vm-1', leaseOf(HOUR));
    due[0]!();
    leases.watch('vm-1', leaseOf(2 * HOUR));
    await new Promise(setImmediate);
    expect(expired).toEqual([]);
    due[1]!();
    await new Promise(setImmediate);
    expect(expired).toEqual(['vm-1']);
  });
});
