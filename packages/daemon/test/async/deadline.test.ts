import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { abortable, endsWithin, within } from '../../src/async/deadline.ts';

const NEVER = new Promise<never>(() => undefined);
const late = (ms: number) => new Error(`the card did not come up within ${ms} ms`);

test('work that ends in time is what it resolves with, or throws', async () => {
  expect(await within({ ms: 60_000, late }, async () => 'done')).toBe('done');
  const fault = new Error('broken');
  await expect(within({ ms: 60_000, late }, () => Promise.reject(fault))).rejects.toBe(fault);
});

test('a deadline that is over ends the work with the words of whoever set it', async () => {
  const work = within({ ms: 1, late }, (until) => abortable(NEVER, until));
  await expect(work).rejects.toThrow('the card did not come up within 1 ms');
});

test.each([
  ['a sleep', (signal: AbortSignal) => sleep(60_000, undefined, { signal })],
  ['a wait for an event', (signal: AbortSignal) => once(process, 'no such event', { signal })],
] as const)("%s of Node's does not hide these words behind an AbortError", async (_, work) => {
  await expect(within({ ms: 1, late }, work as (until: AbortSignal) => Promise<unknown>)).rejects.toThrow('the card');
});

test('whoever gives up hears its own reason, not that of the deadline', async () => {
  const reason = new Error('no longer wanted');
  const limit = { ms: 60_000, late, signal: AbortSignal.abort(reason) };
  await expect(within(limit, (until) => sleep(60_000, undefined, { signal: until }))).rejects.toBe(reason);
});

test('what fails as it is ended tells why it failed', async () => {
  const fault = new Error('the disk is full');
  const work = within({ ms: 1, late }, async (until) => {
    await once(until, 'abort');
    throw fault;
  });
  await expect(work).rejects.toBe(fault);
});

test('the deadline of work that has ended is over as well', async () => {
  const waiting = new Set<number>();
  const clock = {
    after: (ms: number) => {
      waiting.add(ms);
      return () => void waiting.delete(ms);
    },
  };
  await within({ ms: 60_000, late, clock }, async () => expect(waiting).toEqual(new Set([60_000])));
  expect(waiting.size).toBe(0);
});

test('a wait after which something else is tried tells whether it ended in time', async () => {
  expect(await endsWithin({ ms: 60_000 }, async () => undefined)).toBe(true);
  expect(await endsWithin({ ms: 1 }, (until) => abortable(NEVER, until))).toBe(false);
  const reason = new Error('no longer wanted');
  const limit = { ms: 60_000, signal: AbortSignal.abort(reason) };
  await expect(endsWithin(limit, (until) => abortable(NEVER, until))).rejects.toBe(reason);
});

const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

test('work that is over in time leaves no timer, nor does work that fails', async () => {
  const before = timers();
  expect(await endsWithin({ ms: 60_000 }, async () => undefined)).toBe(true);
  const broken = endsWithin({ ms: 60_000 }, () => Promise.reject(new Error('it failed')));
  await expect(broken).rejects.toThrow('it failed');
  expect(timers()).toBe(before);
});
