import { afterEach, expect, jest, test } from '@jest/globals';
import { systemClock } from '../src/clock.ts';

afterEach(() => void jest.useRealTimers());

test('a sleep longer than the longest timer does not end at once', async () => {
  jest.useFakeTimers();
  let ended = false;
  void systemClock.sleep(2 ** 31 + 1_000).then(() => {
    ended = true;
  });
  await jest.advanceTimersByTimeAsync(2 ** 31 - 1);
  expect(ended).toBe(false);
  await jest.advanceTimersByTimeAsync(1_001);
  expect(ended).toBe(true);
});

test('what is to be done after longer than the longest timer is not done at once, nor when it was taken back', async () => {
  jest.useFakeTimers();
  const done: string[] = [];
  systemClock.after(2 ** 31 + 1_000, () => done.push('late'));
  systemClock.after(2 ** 31 + 1_000, () => done.push('taken back'))();
  await jest.advanceTimersByTimeAsync(2 ** 31 - 1);
  expect(done).toEqual([]);
  await jest.advanceTimersByTimeAsync(1_001);
  expect(done).toEqual(['late']);
});

test('an aborted sleep rejects', async () => {
  await expect(systemClock.sleep(60_000, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
});
