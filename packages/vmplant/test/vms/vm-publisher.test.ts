import { beforeEach, expect, test } from '@jest/globals';
import type { BidderEvents, LinkAbove, VmsEvent } from '@vmgrid/protocol';
import { nextRun, openDatabaseInMemory } from '../../src/database.ts';
import { VmPublisher } from '../../src/vms/vm-publisher.ts';
import { recordOf } from './made-up-records.ts';

class Link implements LinkAbove {
  readonly events: VmsEvent[] = [];
  readonly resets: string[] = [];
  takes = true;

  notify<E extends keyof BidderEvents>(_: E, value: BidderEvents[E]): boolean {
    if (this.takes) this.events.push(...(value as readonly VmsEvent[]));
    return this.takes;
  }

  reset(reason: string): void {
    this.resets.push(reason);
  }

  /** Returns a short form of the reports since the last call. */
  heard(): string[] {
    return this.events.splice(0).map((event) => {
      if (event.kind === 'whole') return `${event.serial} whole ${event.vms.map(({ vmId }) => vmId).join(' ')}`;
      if (event.kind === 'gone') return `${event.serial} gone ${event.requestId}`;
      return `${event.serial} ${event.vm.vmId ?? event.vm.requestId} ${event.vm.state}${event.leaseEnding ? ' ending' : ''}`;
    });
  }
}

const record = recordOf();
const request = { requestId: record.requestId, machine: record.machine };
let publisher: VmPublisher;
let link: Link;

beforeEach(() => {
  publisher = new VmPublisher({ plantId: 'plant-1', run: 1, clock: { now: () => 0 } });
  link = new Link();
});

test('a link that comes up hears all there is, then each change once', () => {
  publisher.recorded(record);
  publisher.opened(link);
  expect(link.heard()).toEqual(['1 whole vm-1']);
  publisher.recorded({ ...record, state: 'suspended' }, record);
  publisher.recorded({ ...record, state: 'suspended' }, record);
  publisher.recorded(undefined, record);
  expect(link.heard()).toEqual(['2 vm-1 suspended', '3 gone request-1']);
  publisher.ended(link);
  publisher.recorded(record);
  expect(link.heard()).toEqual([]);
});

test('what a plant has is told in pages', () => {
  for (let n = 0; n < 1_001; n += 1) publisher.recorded(recordOf({ vmId: `vm-${n}`, requestId: `request-${n}` }));
  publisher.opened(link);
  const pages = link.events.map((event) => event.kind === 'whole' && [event.page, event.last, event.vms.length]);
  expect(pages).toEqual([
    [0, false, 500],
    [1, false, 500],
    [2, true, 1],
  ]);
});

test('a link that does not take a change is ended, so that it hears all anew', () => {
  publisher.opened(link);
  link.takes = false;
  publisher.recorded(record);
  expect(link.resets).toEqual(['a change of VMs could not be sent']);
});

test('a request is told from when it is taken until nothing of it is left, also between two attempts to make its VM', async () => {
  publisher.opened(link);
  link.heard();
  await publisher.during(request, async () => {
    expect(link.heard()).toEqual(['1 request-1 planned']);
    publisher.recorded(record);
    publisher.recorded(undefined, record);
    expect(link.heard()).toEqual(['2 vm-1 running', '3 request-1 planned']);
  });
  expect(link.heard()).toEqual(['4 gone request-1']);
});

test('a request whose VM is there is told no other way while it is asked for again, and by two calls as one', async () => {
  const more = Promise.withResolvers<void>();
  publisher.opened(link);
  link.heard();
  const calls = [1, 2].map(() => publisher.during(request, () => more.promise));
  publisher.recorded(record);
  more.resolve();
  await Promise.all(calls);
  await publisher.during(request, async () => undefined);
  expect(link.heard()).toEqual(['1 request-1 planned', '2 vm-1 running']);
});

test('a VM is told on when what was left of an earlier attempt at its request goes', () => {
  publisher.recorded(record);
  publisher.recorded({ ...record, vmId: 'vm-2' });
  publisher.opened(link);
  link.heard();
  publisher.recorded(undefined, record);
  expect(link.heard()).toEqual([]);
  publisher.recorded(undefined, { ...record, vmId: 'vm-2' });
  expect(link.heard()).toEqual(['3 gone request-1']);
});

test('a lease that ends soon is told though nothing has changed; so is what the end of a lease does to a VM that runs', () => {
  publisher.recorded({ ...record, atLeaseEnd: 'suspend' });
  publisher.opened(link);
  expect(link.events.map((event) => event.kind === 'whole' && event.vms[0]?.atLeaseEnd)).toEqual(['suspend']);
  link.heard();
  publisher.leaseEnding({ ...record, atLeaseEnd: 'suspend' });
  expect(link.heard()).toEqual(['2 vm-1 running ending']);
});

test('each run of a plant has a greater number, also when the clock was set back', () => {
  const database = openDatabaseInMemory();
  expect([1_000.5, 999, 5_000].map((now) => nextRun(database, now))).toEqual([1_000, 1_001, 5_000]);
});
