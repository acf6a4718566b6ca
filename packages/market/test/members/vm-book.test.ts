import { beforeEach, describe, expect, test } from '@jest/globals';
import type { ToldVm, VmsChange, VmsEvent } from '@vmgrid/protocol';
import fc from 'fast-check';
import { VmBook } from '../../src/members/vm-book.ts';

const vm = (n: number, more: Partial<ToldVm> = {}): ToldVm => ({
  ...{ requestId: `request-${n}`, owner: 'ada', vmId: `vm-${n}`, state: 'running', memoryMiB: 256, diskMiB: 1_024 },
  ...more,
});

const at = '2026-01-01T00:00:00.000Z';
let now: number;
let changes: [VmsChange, ToldVm | undefined][];
let news: VmsEvent[];
let book: VmBook;

beforeEach(() => {
  now = Date.parse(at);
  [changes, news] = [[], []];
  book = bookThat(true);
});

const bookThat = (keepsAbsent: boolean): VmBook =>
  new VmBook({
    ...{ clock: { now: () => now }, keepsAbsent },
    changed: (...change) => changes.push(change),
    news: (events) => news.push(...events),
  });

const member = (change: 'joined' | 'left', plantId = 'a') =>
  book.note({ change, role: 'plant', plantId, version: '1', via: [] });

type Point = { readonly plantId?: string; readonly run?: number; readonly serial?: number };

const whole = ({ plantId = 'a', run = 1, serial = 0 }: Point, ...vms: ToldVm[]): VmsEvent => ({
  ...{ kind: 'whole', plantId, run, serial, page: 0, last: true, vms },
});
const change = (one: ToldVm, { plantId = 'a', run = 1, serial = 1 }: Point = {}): VmsEvent => ({
  ...{ kind: 'change', plantId, run, serial, at, vm: one },
});
const gone = (n: number, { plantId = 'a', run = 1, serial = 1 }: Point = {}): VmsEvent => ({
  ...{ kind: 'gone', plantId, run, serial, requestId: `request-${n}`, owner: 'ada' },
});

const [one, two] = [{ way: 1 }, { way: 2 }];
const vmsOf = (plantId = 'a') => book.of(plantId).vms.map(({ vmId }) => vmId);

test('what owners have is summed over plants, and each VM is found', () => {
  for (const plantId of ['a', 'b']) member('joined', plantId);
  book.apply(one, whole({ plantId: 'a' }, vm(1), vm(2, { owner: 'bob' })));
  book.apply(two, whole({ plantId: 'b' }, vm(3)));
  book.apply(two, change(vm(4, { memoryMiB: 512 }), { plantId: 'b' }));
  expect(book.usageOf('ada')).toEqual({ vms: 3, memoryMiB: 1_024, diskMiB: 3_072 });
  expect(book.find('vm-4')).toMatchObject({ plantId: 'b', vm: { state: 'running' } });
  expect([book.isAt('bob', 'a'), book.isAt('bob', 'b')]).toEqual([true, false]);
  book.apply(one, gone(1));
  expect([book.usageOf('ada').vms, book.find('vm-1')]).toEqual([2, undefined]);
  expect([book.goneFrom('vm-1'), book.goneFrom('vm-2')]).toEqual([{ plantId: 'a', owner: 'ada' }, undefined]);
});

describe('a plant that is reached two ways', () => {
  test('counts once: what came before is nothing new, whichever way it comes', () => {
    member('joined');
    book.apply(one, whole({}, vm(1)));
    book.apply(one, change(vm(2)));
    book.apply(two, whole({}, vm(1)));
    book.apply(two, change(vm(2)));
    expect(vmsOf()).toEqual(['vm-1', 'vm-2']);
    expect([changes.length, news.length]).toEqual([1, 2]);
  });

  test('is believed as the newest tells it: a later run, or a later change', () => {
    member('joined');
    book.apply(one, whole({ run: 2, serial: 5 }, vm(1)));
    book.apply(two, whole({ run: 1, serial: 9 }, vm(2)));
    expect(vmsOf()).toEqual(['vm-1']);
    book.apply(two, whole({ run: 2, serial: 7 }, vm(3)));
    book.apply(one, change(vm(4), { run: 2, serial: 6 }));
    expect(vmsOf()).toEqual(['vm-3']);
  });

  test('tells pages on both ways at once without mixing them', () => {
    member('joined');
    const page = (index: number, last: boolean, n: number): VmsEvent => ({
      ...{ kind: 'whole', plantId: 'a', run: 1, serial: 0, page: index, last, vms: [vm(n)] },
    });
    book.apply(one, page(0, false, 1));
    book.apply(two, page(0, false, 1));
    expect(book.isCurrent('a')).toBe(false);
    book.apply(two, page(1, true, 2));
    book.apply(one, page(1, true, 2));
    expect(vmsOf()).toEqual(['vm-1', 'vm-2']);
  });
});

test.each([
  ['change', change(vm(2), { serial: 3 }), /a change 3 after 0/],
  ['page', { ...whole({ serial: 4 }, vm(2)), page: 1 } as VmsEvent, /page 1 after 0/],
])('a %s that others come before breaks the protocol', (_, event, message) => {
  member('joined');
  book.apply(one, whole({}, vm(1)));
  expect(() => book.apply(one, event)).toThrow(expect.objectContaining({ code: 'LINK_PROTOCOL' }));
  expect(() => book.apply(one, event)).toThrow(message);
});

test('a VM that two plants claim is where it was first', () => {
  for (const plantId of ['a', 'b']) member('joined', plantId);
  book.apply(one, whole({ plantId: 'a' }, vm(1)));
  book.apply(two, whole({ plantId: 'b' }, vm(1)));
  expect(book.find('vm-1')?.plantId).toBe('a');
});

describe('a plant that has left', () => {
  beforeEach(() => {
    member('joined');
    book.apply(one, whole({ run: 7 }, vm(1, { leaseEndsAt: '2026-01-01T02:00:00.000Z' }), vm(2)));
    now += 1_000;
    member('left');
  });

  test('has what it told last, from when it left', () => {
    expect(book.of('a')).toEqual({ vms: [expect.anything(), vm(2)], toldAt: now });
    expect([book.isAbsent('a'), book.isCurrent('a'), book.find('vm-1')?.plantId]).toEqual([true, false, 'a']);
  });

  test('is believed when it is back, whatever its numbers are', () => {
    member('joined');
    book.apply(one, whole({ run: 3 }, vm(3)));
    expect([vmsOf(), book.isAbsent('a')]).toEqual([['vm-3'], false]);
  });

  test('has no longer what had a lease that has ended, and nothing a month later', () => {
    now = Date.parse('2026-01-01T02:00:00.000Z');
    expect(book.find('vm-1')).toBeUndefined();
    expect(vmsOf()).toEqual(['vm-2']);
    now = Date.parse('2026-01-31T00:00:01.000Z');
    expect(book.plantIds()).toEqual([]);
  });

  test('has nothing where what absent plants had is of no use', () => {
    book = bookThat(false);
    member('joined');
    book.apply(one, whole({}, vm(1)));
    member('left');
    expect([book.plantIds(), [...book.wholes()]]).toEqual([[], []]);
  });
});

test('what an earlier run of the daemon knew counts until the plant tells otherwise', () => {
  book.restore([{ plantId: 'a', vm: vm(1), leftAt: now }]);
  expect([book.usageOf('ada').vms, book.isAbsent('a')]).toEqual([1, true]);
  member('joined');
  expect(book.usageOf('ada').vms).toBe(1);
  book.apply(one, whole({}));
  expect(book.usageOf('ada').vms).toBe(0);
});

/** A book that hears of one plant, and one above it that hears of it from there. */
class Relay {
  readonly upper = new VmBook({ clock: { now: () => now }, keepsAbsent: true });
  readonly lower = new VmBook({
    ...{ clock: { now: () => now }, keepsAbsent: false },
    news: (events) => this.#hear(events),
  });
  #link = {};
  #serial = 0;

  constructor() {
    this.lower.apply(one, whole({}));
  }

  tell(eventAt: (serial: number) => VmsEvent): void {
    this.#serial += 1;
    this.lower.apply(one, eventAt(this.#serial));
  }

  connect(): void {
    this.#link = {};
    for (const pages of this.lower.wholes()) this.#hear(pages);
  }

  #hear(events: readonly VmsEvent[]): void {
    for (const event of events) this.upper.apply(this.#link, event);
  }
}

test('what a book tells another makes it know the same', () => {
  const n = fc.nat(8);
  const step: fc.Arbitrary<(relay: Relay) => void> = fc.oneof(
    fc.record({ n, state: fc.constantFrom('running', 'suspended') }).map(({ n: number, state }) => (relay: Relay) => {
      relay.tell((serial) => change(vm(number, { state }), { serial }));
    }),
    n.map((number) => (relay: Relay) => relay.tell((serial) => gone(number, { serial }))),
    fc.constant((relay: Relay) => relay.connect()),
  );
  const known = (of: VmBook) => of.of('a').vms.toSorted((x, y) => x.requestId.localeCompare(y.requestId));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const relay = new Relay();
      for (const take of steps) take(relay);
      expect(known(relay.upper)).toEqual(known(relay.lower));
    }),
  );
});
