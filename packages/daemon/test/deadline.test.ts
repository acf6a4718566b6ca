import { expect, test } from '@jest/globals';
import { doneWithin } from '../src/index.ts';

const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
const never = new Promise(() => undefined);

test('work that is done in time leaves no timer, nor does work that fails', async () => {
  const before = timers();
  expect(await doneWithin(Promise.resolve(), 60_000)).toBe(true);
  await expect(doneWithin(Promise.reject(new Error('it failed')), 60_000)).rejects.toThrow('it failed');
  expect(timers()).toBe(before);
});

test('work that takes longer is not waited for, and waiting can be called off', async () => {
  expect(await doneWithin(never, 1)).toBe(false);
  const reason = new Error('enough');
  await expect(doneWithin(never, 60_000, AbortSignal.abort(reason))).rejects.toBe(reason);
});
