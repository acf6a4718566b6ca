/** Clocks that are set while plants are in backoff, not waited for, or have bid. */

import { expect, test } from '@jest/globals';
import { GridError } from '@vmgrid/protocol';
import { backoffsIn } from '../src/backoff.ts';
import { PlantFailureHistory } from '../src/index.ts';
import { bid } from './bidders.ts';

const DAY_MS = 86_400_000;
const NOON = Date.parse('2026-01-01T12:00:00Z');

test('a plant that failed is in no backoff for a day because the clock was set back by one', () => {
  let now = NOON;
  const memory = new PlantFailureHistory({ now: () => now });
  memory.failed('plant-1', new GridError('VMM_FAILED', 'no'));
  expect(memory.allInBackoff(9).map(({ plantId }) => plantId)).toEqual(['plant-1']);
  now -= DAY_MS;
  expect(memory.allInBackoff(9)).toEqual([]);
  memory.failed('plant-1', new GridError('VMM_FAILED', 'no'));
  expect(memory.allInBackoff(9)).toHaveLength(1);
  now += DAY_MS;
  expect(memory.allInBackoff(9)).toEqual([]);
});

test('nor one whose own clock is a day ahead, by what it says of itself', () => {
  const failing = (at: number) =>
    bid('plant-1', 1, { RecentFailures: 1, LastFailureCode: 'VMM_FAILED', LastFailureTime: at / 1_000 });
  const inBackoff = backoffsIn({ inBackoff: [], openedAt: new Date(NOON).toISOString() } as never);
  expect(inBackoff(failing(NOON - 1_000))).toMatchObject({ plantId: 'plant-1' });
  expect(inBackoff(failing(NOON + DAY_MS))).toBeUndefined();
});

test('a plant that was silent is waited for again at once when the clock was set', () => {
  let now = NOON;
  const memory = new PlantFailureHistory({ now: () => now });
  for (let call = 0; call < 3; call += 1) memory.silent('plant-1');
  expect(memory.isAwaited('plant-1')).toBe(false);
  now -= DAY_MS;
  expect(memory.isAwaited('plant-1')).toBe(true);
});
