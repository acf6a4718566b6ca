import { expect, test } from '@jest/globals';
import type { VmEvent } from '@vmgrid/protocol';
import { VmEvents } from '../src/vm-events.ts';

const ALL = { owner: 'operator', sees: 'all' } as const;

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
  const stop = events.listen(ALL, (one) => heard.push(one));
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
  events.listen(ALL, (one) => heard.push(one));
  events.add(event(1));
  events.add(event(1));
  expect(heard).toEqual([event(1)]);
});

test('a user hears of its own VMs, past and to come, and of no others', () => {
  const events = new VmEvents();
  events.add({ ...event(1), owner: 'ada' });
  events.add({ ...event(2), owner: 'bob' });
  const heard: VmEvent[] = [];
  events.listen({ owner: 'ada', sees: 'own' }, (one) => heard.push(one));
  events.add({ ...event(3), owner: 'ada' });
  events.add({ ...event(4), owner: 'bob' });
  events.add(event(5));
  expect(heard).toEqual([
    { ...event(1), owner: 'ada' },
    { ...event(3), owner: 'ada' },
  ]);
});
