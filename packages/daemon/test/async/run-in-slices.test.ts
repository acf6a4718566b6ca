import { expect, test } from '@jest/globals';
import { runInSlices } from '../../src/async/run-in-slices.ts';

/** Each step takes a millisecond of this clock. */
function stepping(steps: number) {
  let now = 0;
  const log: string[] = [];
  function* work() {
    for (let step = 1; step <= steps; step += 1) {
      now += 1;
      log.push(`step ${step}`);
      yield;
    }
    return 'done';
  }
  return { work: work(), log, clock: { monotonic: () => now } };
}
const { signal } = new AbortController();

test('whatever else waits has its turn after each slice', async () => {
  const { work, log, clock } = stepping(5);
  setImmediate(() => log.push('something else'));
  expect(await runInSlices(work, { sliceMs: 2, signal }, clock)).toBe('done');
  expect(log).toEqual(['step 1', 'step 2', 'something else', 'step 3', 'step 4', 'step 5']);
});

test('when nobody wants it any more it goes no further', async () => {
  const { work, log, clock } = stepping(1_000);
  const controller = new AbortController();
  setImmediate(() => controller.abort(new Error('gone')));
  await expect(runInSlices(work, { sliceMs: 2, signal: controller.signal }, clock)).rejects.toThrow('gone');
  expect(log).toEqual(['step 1', 'step 2']);
});
