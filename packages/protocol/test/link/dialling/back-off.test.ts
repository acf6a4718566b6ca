import { expect, test } from '@jest/globals';
import { backOffMs } from '../../../src/link/dialling/back-off.ts';

test('the wait doubles with every failure up to its maximum', () => {
  const waits = [0, 1, 2, 3, 4, 5, 6, 2_000].map((failures) =>
    backOffMs(failures, { minMs: 100, maxMs: 5_000 }, () => 1),
  );
  expect(waits).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
});

test('jitter takes up to half of the wait away', () => {
  expect(backOffMs(2, { minMs: 100, maxMs: 5_000 }, () => 0)).toBe(200);
  expect(backOffMs(2, { minMs: 100, maxMs: 5_000 }, () => 0.5)).toBe(300);
});
