import { expect, test } from '@jest/globals';
import type { ToldVm, VmEvent, VmsChange } from '@vmgrid/protocol';
import { VmEvents } from '../../src/vms/vm-events.ts';

const ALL = { owner: 'operator', sees: 'all' } as const;
const vm: ToldVm = {
  ...{ requestId: 'request-1', vmId: 'vm-00000000-0000-4000-8000-000000000000', state: 'running' },
  ...{ memoryMiB: 256, diskMiB: 2_048, leaseEndsAt: '2026-01-01T04:00:00.000Z' },
};
const before: ToldVm = { ...vm, state: 'configuring' };

const change = (second: number, more: Partial<ToldVm> = {}): VmsChange => ({
  ...{ kind: 'change', plantId: 'plant-1', run: 1, serial: second, at: new Date(second * 1_000).toISOString() },
  vm: { ...vm, ...more },
});
const event = (second: number, more: Partial<VmEvent> = {}): VmEvent => ({
  event: 'state',
  vmId: vm.vmId!,
  plantId: 'plant-1',
  at: new Date(second * 1_000).toISOString(),
  state: 'running',
  leaseEndsAt: '2026-01-01T04:00:00.000Z',
  ...more,
});

test('who listens hears the last thousand events first, then each as it comes, until it stops', () => {
  const events = new VmEvents();
  for (let second = 0; second < 1_001; second += 1) events.changed(change(second), before);
  const heard: VmEvent[] = [];
  const stop = events.listen(ALL, (one) => heard.push(one));
  expect([heard.length, heard[0]]).toEqual([1_000, event(1)]);
  events.changed(change(2_000), before);
  expect(heard.at(-1)).toEqual(event(2_000));
  stop();
  events.changed(change(2_001), before);
  expect(heard.at(-1)).toEqual(event(2_000));
});

test('another state is an event, and a lease that ends soon; another lease, a new VM and a request without one are none', () => {
  const events = new VmEvents();
  const heard: VmEvent[] = [];
  events.listen(ALL, (one) => heard.push(one));
  events.changed(change(1), undefined);
  events.changed(change(2), { ...vm, leaseEndsAt: '2026-01-01T01:00:00.000Z' });
  const { vmId: _, ...waiting } = vm;
  events.changed({ ...change(3), vm: waiting }, undefined);
  expect(heard).toEqual([]);
  events.changed({ ...change(4), leaseEnding: true }, vm);
  events.changed(change(5, { state: 'collecting' }), vm);
  expect(heard).toEqual([event(4, { event: 'lease-ending' }), event(5, { state: 'collecting' })]);
});

test('a user hears of its own VMs, past and to come, and of no others', () => {
  const events = new VmEvents();
  events.changed(change(1, { owner: 'ada' }), before);
  events.changed(change(2, { owner: 'bob' }), before);
  const heard: VmEvent[] = [];
  events.listen({ owner: 'ada', sees: 'own' }, (one) => heard.push(one));
  events.changed(change(3, { owner: 'ada' }), before);
  events.changed(change(4, { owner: 'bob' }), before);
  events.changed(change(5), before);
  expect(heard).toEqual([event(1, { owner: 'ada' }), event(3, { owner: 'ada' })]);
});
