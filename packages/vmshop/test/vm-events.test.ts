import { expect, test } from '@jest/globals';
import type { VmEvent } from '@vmgrid/protocol';
import { VmEvents } from '../src/vm-events.ts';

const event = (second: number): VmEvent => ({
  event: 'state',
  vmId: 'vm-00000000-0000-4000-8000-000000000000',
  plantId: 'plant-1',
  at: new Date(second * 1_000).toISOString(),
  state: 'running',
  leaseEndsAt: '2026-01-01T04:00:00.000Z',
});

test('who listens hears the last thousand events first, then each as it comes, until it stops', () => {
  const events = new VmEvents();
  for (let second = 0; second < 1_001; second += 1) events.add(event(second));
  const heard: VmEvent[] = [];
  const stop = events.listen((one) => heard.push(one));
  expect([heard.length, heard[0]]).toEqual([1_000, event(1)]);
  events.add(event(2_000));
  expect(heard.at(-1)).toEqual(event(2_000));
  stop();
  events.add(event(2_001));
  expect(heard.at(-1)).toEqual(event(2_000));
});

test('an event that comes two ways is one', () => {
  const events = new VmEvents();
  const heard: VmEvent[] = [];
  events.listen((one) => heard.push(one));
  events.add(event(1));
  events.add(event(1));
  expect(heard).toEqual([event(1)]);
});
