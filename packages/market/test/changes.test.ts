import { expect, test } from '@jest/globals';
import type { AuctionSummary, Decline, Trail, TrailRemoval } from '@vmgrid/protocol';
import { changeText, helpfulChanges } from '../src/index.ts';

const decline = (plantId: string, code: string, details: object): Decline => ({
  ...{ kind: 'decline', plantId, code, message: '' },
  details: { ...details },
});

function textsOf(
  declines: readonly Decline[],
  summary: Partial<Pick<AuctionSummary, 'declines' | 'removals'>>,
  removed: readonly TrailRemoval[] = [],
): string[] {
  const trail = { summary: { declines: [], removals: [], ...summary }, removed } as unknown as Trail;
  return helpfulChanges({ declines, trail }).map(changeText);
}

test('a request that finds no room is told how much smaller it would have to be', () => {
  const declines = [
    decline('plant-1', 'MEMORY_INSUFFICIENT', { wanted: 512, available: 128, lacking: 384 }),
    decline('plant-2', 'MEMORY_INSUFFICIENT', { wanted: 512, available: 384, lacking: 128 }),
  ];
  expect(textsOf(declines, { declines: [{ code: 'MEMORY_INSUFFICIENT', count: 3 }] })).toEqual([
    '3 plants lack 128 MiB of memory or more; smallest change: memoryMiB ≤ 384 (plant-2)',
  ]);
});

test('everything that the nearest plant lacks is told at once', () => {
  const others = [{ code: 'DISK_INSUFFICIENT', wanted: 2048, available: 1024, lacking: 1024 }];
  const declines = [decline('plant-1', 'MEMORY_INSUFFICIENT', { wanted: 512, available: 384, lacking: 128, others })];
  expect(textsOf(declines, { declines: [{ code: 'MEMORY_INSUFFICIENT', count: 1 }] })).toEqual([
    '1 plant lacks 128 MiB of memory; smallest change: memoryMiB ≤ 384 and diskMiB ≤ 1024 (plant-1)',
  ]);
});

test('nothing is told that would be no machine, or that no request can change', () => {
  const full = [{ code: 'VM_LIMIT', wanted: 1, available: 0, lacking: 1 }];
  const declines = [
    decline('plant-1', 'MEMORY_INSUFFICIENT', { wanted: 512, available: 32, lacking: 480 }),
    decline('plant-2', 'MEMORY_INSUFFICIENT', { wanted: 512, available: 384, lacking: 128, others: full }),
    decline('plant-3', 'DRAINING', {}),
  ];
  const counts = [
    { code: 'MEMORY_INSUFFICIENT', count: 2 },
    { code: 'DRAINING', count: 1 },
  ];
  expect(textsOf(declines, { declines: counts })).toEqual([]);
});

test('requirements are loosened to the value of the plant that missed least, or left out where they compare no number', () => {
  const text = 'TARGET.FreeMemoryMiB >= 512';
  const removed: TrailRemoval[] = [
    {
      ...{ rule: 'requirements', plantId: 'plant-1', reason: '' },
      conditions: [
        { text, value: 'false', references: { 'TARGET.FreeMemoryMiB': '384' } },
        { text: 'TARGET.Gpu', value: 'undefined', references: { 'TARGET.Gpu': 'undefined' } },
      ],
    },
  ];
  const removals = [{ rule: 'requirements', conditions: [text, 'TARGET.Gpu'], count: 2 }];
  expect(textsOf([], { removals }, removed)).toEqual([
    `2 plants bid but do not meet ${text} and TARGET.Gpu; smallest change: TARGET.FreeMemoryMiB >= 384 and leave out TARGET.Gpu (plant-1)`,
  ]);
});
