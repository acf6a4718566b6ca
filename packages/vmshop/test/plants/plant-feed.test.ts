import { expect, test } from '@jest/globals';
import type { PlantEvent } from '@vmgrid/protocol';
import { PlantFeed } from '../../src/plants/plant-feed.ts';

const feed = new PlantFeed({ now: () => Date.UTC(2026, 0, 1) });
const at = '2026-01-01T00:00:00.000Z';

test('whoever listens is told who comes and goes, by which way and why, until it stops listening', () => {
  const heard: PlantEvent[] = [];
  const stop = feed.listen((event) => heard.push(event));
  const plant = { role: 'plant', plantId: 'plant-1', version: '0.1.0' } as const;
  feed.tell({ change: 'joined', ...plant, via: [] });
  feed.tell({ change: 'left', ...plant, via: ['broker-1'], reason: 'its broker left' });
  stop();
  feed.tell({ change: 'joined', ...plant, via: [] });
  expect(heard).toEqual([
    { at, event: 'joined', ...plant },
    { at, event: 'left', ...plant, via: ['broker-1'], reason: 'its broker left' },
  ]);
});
