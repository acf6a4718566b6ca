import { expect, test } from '@jest/globals';
import { Membership, VmBook } from '@vmgrid/market';
import { type Bidder, BROKER_LIMITS, type LinkClient, type VmsWhole } from '@vmgrid/protocol';
import { Announcer } from '../src/announcer.ts';

const clock = { now: () => 0, sleep: () => new Promise<void>(() => undefined) };
const bidderOf = (plantId: string, role?: 'broker'): Bidder => ({
  ...{ plantId, hello: { plantId, version: '1', ad: {}, ...(role && { role }) } },
  call: () => Promise.reject(new Error('nobody is asked')),
});
const whole: VmsWhole = {
  ...{ kind: 'whole', plantId: 'plant-1', run: 1, serial: 3, page: 0, last: true },
  vms: [{ requestId: 'request-1', owner: 'ada', vmId: 'vm-1', state: 'running', memoryMiB: 256, diskMiB: 1_024 }],
};

test('one that could not use the way to a plant before knows its VMs as soon as there is a way that it can', () => {
  const shopBook = new VmBook({ clock, keepsAbsent: true });
  const shop = new Membership({
    clock,
    onProgress: () => undefined,
    onVms: (link, event) => shopBook.apply(link, event),
    onChange: (change) => shopBook.note(change),
  });
  const broker = bidderOf('broker', 'broker');
  const link: LinkClient = {
    state: 'open',
    notify: (event, value) => {
      shop.notified(broker, event, value);
      return true;
    },
    reset: () => undefined,
    close: async () => undefined,
  };
  const announcer = new Announcer({ links: [link] });
  const book = new VmBook({ clock, keepsAbsent: false, news: (events) => announcer.tellVms(events) });
  const membership = new Membership({
    clock,
    onProgress: () => undefined,
    onVms: (from, event) => book.apply(from, event),
    onChange: (change) => {
      announcer.tellChange(change, book);
      book.note(change);
    },
  });
  shop.joined(broker);

  const far = bidderOf('far', 'broker');
  const via = Array.from({ length: BROKER_LIMITS.hops - 1 }, (_, hop) => `hop-${hop}`);
  membership.joined(far);
  membership.notified(far, 'members', { joined: [{ plantId: 'plant-1', version: '1', via }], left: [] });
  membership.notified(far, 'vms', whole);
  expect([shop.plantIds(), shopBook.usageOf('ada').vms]).toEqual([[], 0]); // one hop too many

  const plant = bidderOf('plant-1');
  membership.joined(plant);
  membership.notified(plant, 'vms', whole);
  expect([shop.plantIds(), shopBook.isCurrent('plant-1'), shopBook.usageOf('ada').vms]).toEqual([['plant-1'], true, 1]);
});
