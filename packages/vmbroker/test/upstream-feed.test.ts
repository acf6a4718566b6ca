/**
 * A broker's reports to one above it, while its plants come, go and change, and the link accepts messages as slowly as
 * it likes.
 */
import { expect, test } from '@jest/globals';
import { Membership, VmBook } from '@vmgrid/market';
import { type Bidder, type LinkClient, TOLD_LIMITS, type ToldVm, type VmsEvent, wholeOf } from '@vmgrid/protocol';
import fc from 'fast-check';
import { Announcer } from '../src/announcer.ts';

const clock = { now: () => 0, sleep: () => new Promise<void>(() => undefined) };
const AT = new Date(0).toISOString();
const WAYS = ['near', 'far'] as const;
type Way = (typeof WAYS)[number];

const bidderOf = (plantId: string, role?: 'broker'): Bidder => ({
  ...{ plantId, hello: { plantId, version: '1', ad: {}, ...(role && { role }) } },
  call: () => Promise.reject(new Error('nobody is asked')),
});

const vmOf = (plantId: string, n: number): ToldVm => ({
  ...{ requestId: `${plantId}-${n}`, owner: `owner-${n % 3}`, vmId: `${plantId}-vm-${n}`, state: 'running' },
  ...{ memoryMiB: 64, diskMiB: 64 },
});

/** A shop's or broker's knowledge: its members, the ways to them, and their VMs. */
class Side {
  readonly book: VmBook;
  readonly membership: Membership;

  constructor(announcer?: Announcer) {
    this.book = new VmBook({ clock, keepsAbsent: false, news: (events) => announcer?.tellVms(events) });
    this.membership = new Membership({
      clock,
      onProgress: () => undefined,
      onVms: (link, event) => this.book.apply(link, event),
      onChange: (change) => {
        announcer?.tellChange(change);
        this.book.note(change);
      },
    });
  }

  known(from: number) {
    const plants = this.membership.plants().map(({ bidder: { plantId }, via }) => {
      const vms = this.book.of(plantId).vms.map(({ vmId, state }) => `${vmId} ${state}`);
      return { plantId, via: via.slice(from), isCurrent: this.book.isCurrent(plantId), vms: vms.sort() };
    });
    return plants.sort((a, b) => (a.plantId < b.plantId ? -1 : 1));
  }
}

/** A link that hands on what it carries when it is told to. */
class SlowLink {
  readonly underWay: (() => void)[] = [];
  readonly #flushes: ((isOpen: boolean) => void)[] = [];
  mostVms = 0;

  readonly client: LinkClient;

  constructor(above: Side, self: Bidder) {
    this.client = {
      state: 'open',
      notify: (event, value) => {
        if (event === 'vms') this.#note(value as readonly VmsEvent[]);
        this.underWay.push(() => above.membership.notified(self, event, value));
        return true;
      },
      flushed: () => new Promise((resolve) => this.#flushes.push(resolve)),
      reset: (reason) => {
        throw new Error(reason);
      },
      close: async () => undefined,
    };
  }

  async carry(messages: number): Promise<void> {
    for (const arrive of this.underWay.splice(0, messages)) arrive();
    if (this.underWay.length === 0) this.#flushes.shift()?.(true);
    await settled();
  }

  get isIdle(): boolean {
    return this.underWay.length === 0 && this.#flushes.length === 0;
  }

  #note(events: readonly VmsEvent[]): void {
    const vms = events.flatMap((event) => (event.kind === 'whole' ? event.vms : []));
    this.mostVms = Math.max(this.mostVms, vms.length);
  }
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Plants below a broker, which reaches each by one or two ways. */
class Below {
  readonly #broker: Side;
  readonly #ways = new Map<Way, Bidder>(WAYS.map((way) => [way, bidderOf(way, 'broker')]));
  readonly #plants = new Map<string, { serial: number; made: number; vms: Map<number, ToldVm>; ways: Set<Way> }>();

  constructor(broker: Side) {
    this.#broker = broker;
    for (const bidder of this.#ways.values()) broker.membership.joined(bidder);
  }

  /** Comes by a way, and tells its whole over it. */
  join(plantId: string, way: Way): void {
    const plant = this.#plant(plantId);
    plant.ways.add(way);
    const via = way === 'far' ? ['further'] : [];
    this.#members(way, { joined: [{ plantId, version: '1', via }], left: [] });
    this.#tell(way, wholeOf({ plantId, run: 1, serial: plant.serial }, [...plant.vms.values()]));
  }

  leave(plantId: string, way: Way): void {
    if (this.#plant(plantId).ways.delete(way)) this.#members(way, { joined: [], left: [{ plantId, reason: 'gone' }] });
  }

  /** A VM is made, and the oldest goes now and then. */
  change(plantId: string): void {
    const plant = this.#plant(plantId);
    plant.made += 1;
    const vm = vmOf(plantId, plant.made);
    plant.vms.set(plant.made, vm);
    this.#tellChange(plantId, { kind: 'change', vm, at: AT });
    const [oldest] = plant.vms;
    if (plant.made % 3 > 0 || !oldest) return;
    plant.vms.delete(oldest[0]);
    const { requestId, owner } = oldest[1];
    this.#tellChange(plantId, { kind: 'gone', requestId, owner: owner! });
  }

  #tellChange(plantId: string, news: Record<string, unknown>): void {
    const plant = this.#plant(plantId);
    plant.serial += 1;
    for (const way of plant.ways) {
      this.#tell(way, [{ ...news, plantId, run: 1, serial: plant.serial } as unknown as VmsEvent]);
    }
  }

  #plant(plantId: string) {
    const known = this.#plants.get(plantId);
    if (known) return known;
    const many = Array.from({ length: VMS_EACH }, (_, n) => [-n, vmOf(plantId, -n)] as const);
    const made = { serial: 0, made: 0, vms: new Map(many), ways: new Set<Way>() };
    this.#plants.set(plantId, made);
    return made;
  }

  #members(way: Way, event: Parameters<Membership['notified']>[2]): void {
    this.#broker.membership.notified(this.#ways.get(way)!, 'members', event as never);
  }

  #tell(way: Way, events: readonly VmsEvent[]): void {
    this.#broker.membership.notified(this.#ways.get(way)!, 'vms', events);
  }
}

/** Two plants have more than a message holds. */
const VMS_EACH = TOLD_LIMITS.vmsOfPage * 0.6;
const PLANTS = Array.from({ length: 3 }, (_, n) => `plant-${n}`);

const plantId = fc.constantFrom(...PLANTS);
const way = fc.constantFrom(...WAYS);
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ what: fc.constant('change' as const), plantId, way }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constantFrom('join' as const, 'leave' as const), plantId, way }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('carry' as const), messages: fc.nat(3) }) },
);

test('whoever is above knows in the end what the broker knows, whatever changes while it is told', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(plantId, { minLength: 2 }), fc.array(step, { maxLength: 40 }), async (before, steps) => {
      const announcer = new Announcer();
      const broker = new Side(announcer);
      const below = new Below(broker);
      for (const one of before) below.join(one, 'near');
      const [above, self] = [new Side(), bidderOf('broker', 'broker')];
      above.membership.joined(self);
      const link = new SlowLink(above, self);
      const told = announcer.tellAll(link.client, broker);
      for (const one of steps) {
        if (one.what === 'carry') await link.carry(one.messages);
        else below[one.what](one.plantId, one.way);
      }
      await settled();
      while (!link.isIdle) await link.carry(1);
      await told;
      expect(above.known(1)).toEqual(broker.known(0));
      expect(link.mostVms).toBeLessThanOrEqual(TOLD_LIMITS.vmsOfPage);
    }),
    { numRuns: 100 },
  );
}, 60_000);

test('what is to be told waits for the link: of a long whole, and of many plants that move, a few messages are under way', async () => {
  const announcer = new Announcer();
  const broker = new Side(announcer);
  const below = new Below(broker);
  for (let n = 0; n < 20; n += 1) below.join(`plant-${n}`, 'far');
  const [above, self] = [new Side(), bidderOf('broker', 'broker')];
  above.membership.joined(self);
  const link = new SlowLink(above, self);
  void announcer.tellAll(link.client, broker);
  const mostUnderWay = async () => {
    let most = 0;
    for (; !link.isIdle; await link.carry(1)) most = Math.max(most, link.underWay.length);
    return most;
  };
  expect(await mostUnderWay()).toBeLessThanOrEqual(3); // members, and the VMs of two plants
  expect(above.known(1)).toEqual(broker.known(0));
  for (let n = 0; n < 20; n += 1) below.join(`plant-${n}`, 'near');
  expect(await mostUnderWay()).toBeLessThanOrEqual(5); // who has moved, too
  expect(above.known(1)).toEqual(broker.known(0));
});
