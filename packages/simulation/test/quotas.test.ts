/**
 * No owner has more than its quota through one shop, whatever happens: creates at once and again, refusals, links that
 * are lost with what they carry, plants and shops that are killed. The parts are the product's own; links, plants'
 * machines and time are made up here.
 */
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { plantNeverAsked, VmBook } from '@vmgrid/market';
import {
  type BidderEvents,
  type CreateRequest,
  GridError,
  type Identified,
  keyText,
  type LinkAbove,
  requestKey,
  type ToldVm,
  type VmsEvent,
} from '@vmgrid/protocol';
import fc from 'fast-check';
import { VmPublisher } from '../../vmplant/src/vms/vm-publisher.ts';
import { QuotaEnforcer } from '../../vmshop/src/quotas/quota-enforcer.ts';
import { VmBookFile } from '../../vmshop/src/vms/vm-book-file.ts';

const OWNERS = ['ada', 'bob'];
const PLANTS = ['plant-0', 'plant-1'];
const QUOTA = 1;
const clock = { now: () => Date.parse('2026-01-01T00:00:00Z') };

type Request = Identified<CreateRequest>;
type Up = { readonly event: VmsEvent } | { readonly reply: Call; readonly error?: GridError };

/** A create that a plant was asked for. */
class Call {
  readonly #outcome = Promise.withResolvers<void>();
  readonly request: Request;
  readonly ended = this.#outcome.promise;

  constructor(request: Request) {
    this.request = request;
  }

  end(error?: GridError): void {
    if (error) this.#outcome.reject(error);
    else this.#outcome.resolve();
  }
}

/** One connection; messages on it keep their order. */
class Link implements LinkAbove {
  readonly up: Up[] = [];
  readonly down: Call[] = [];
  readonly calls = new Set<Call>();
  isOpen = true;

  notify<E extends keyof BidderEvents>(_: E, event: BidderEvents[E]): boolean {
    if (this.isOpen) this.up.push(...(event as readonly VmsEvent[]).map((one) => ({ event: one })));
    return this.isOpen;
  }

  reset(): void {}
}

interface Machine {
  readonly vm: ToldVm & { readonly vmId: string };
  readonly record: Parameters<VmPublisher['recorded']>[0] & object;
}

class Plant {
  readonly plantId: string;
  readonly machines = new Map<string, Machine>();
  /** Creates that wait for their end. */
  readonly making = new Map<string, { readonly request: Request; end(error?: GridError): void }>();
  link: Link | undefined;
  #publisher: VmPublisher;
  #run = 1;
  #made = 0;

  constructor(plantId: string) {
    this.plantId = plantId;
    this.#publisher = this.#newPublisher();
  }

  connect(): Link {
    this.link = new Link();
    this.#publisher.opened(this.link);
    return this.link;
  }

  has(key: string): boolean {
    return this.machines.has(key);
  }

  countOf(owner: string): number {
    const keys = new Set([...this.machines.keys(), ...this.making.keys()]);
    return [...keys].filter((key) => key.endsWith(` ${owner}`)).length;
  }

  take(call: Call, link: Link): void {
    const { request } = call;
    const key = keyText(requestKey(request));
    const reply = (error?: GridError) => {
      if (link.isOpen) link.up.push(error ? { reply: call, error } : { reply: call });
    };
    this.#publisher
      .during(request, () => this.#make(key, request))
      .then(
        () => reply(),
        (error) => reply(error),
      );
  }

  destroy(key: string): void {
    const machine = this.machines.get(key);
    this.machines.delete(key);
    if (machine) this.#publisher.recorded(undefined, machine.record);
  }

  /** Killed and started: what was being made is undone, what was made is there. */
  restart(): void {
    this.making.clear();
    this.#run += 1;
    this.#publisher = this.#newPublisher();
    for (const { record } of this.machines.values()) this.#publisher.recorded(record);
  }

  async #make(key: string, request: Request): Promise<void> {
    if (this.has(key)) return;
    const under = this.making.get(key);
    if (under) throw new GridError('CANCELLED', 'the first call tells');
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const [making, run] = [this.making, this.#run];
    const end = (error?: GridError) => {
      making.delete(key);
      if (run !== this.#run) return;
      if (error) reject(error);
      else {
        this.#record(key, request);
        resolve();
      }
    };
    this.making.set(key, { request, end });
    await promise;
  }

  #record(key: string, { requestId, caller, machine }: Request): void {
    this.#made += 1;
    const vmId = `${this.plantId}-${this.#made}`;
    const { memoryMiB, diskMiB } = machine;
    const record = {
      ...{ vmId, requestId, owner: caller!.owner, state: 'running' as const, machine },
      leaseEndsAt: '2026-01-09T00:00:00Z',
    };
    this.machines.set(key, {
      record,
      vm: { vmId, requestId, owner: caller!.owner, state: 'running', memoryMiB, diskMiB },
    });
    this.#publisher.recorded(record);
  }

  #newPublisher(): VmPublisher {
    return new VmPublisher({ plantId: this.plantId, run: this.#run, clock });
  }
}

/** The shop's part that counts, with a file that outlives it. */
class Shop {
  readonly book: VmBook;
  readonly enforcer: QuotaEnforcer;
  readonly file: VmBookFile;
  readonly path: string;

  constructor(path: string) {
    this.path = path;
    this.file = new VmBookFile(path, clock);
    this.book = new VmBook({ clock, keepsAbsent: true, entered: (...entry) => this.file.entered(...entry) });
    this.book.restore(this.file.read());
    const write = () => this.file.write();
    this.enforcer = new QuotaEnforcer(
      { book: this.book, clock, requestDeadlineMs: 1, write },
      { default: { vms: QUOTA } },
    );
  }

  note(change: 'joined' | 'left', plantId: string): void {
    const member = { change, role: 'plant', plantId, version: '1', via: [] } as const;
    this.book.note(member);
    this.file.note(member);
  }
}

class World {
  readonly folder = mkdtempSync(join(tmpdir(), 'vmgrid-quotas-'));
  readonly plants = PLANTS.map((plantId) => new Plant(plantId));
  readonly #links = new Map<string, Link>();
  readonly #requests: Request[] = [];
  readonly #open = new Set<string>();
  #shops: Shop[] = [];

  constructor() {
    this.#shops.push(new Shop(join(this.folder, 'vms-0.sqlite')));
  }

  get shop(): Shop {
    return this.#shops.at(-1)!;
  }

  create(owner: string, plant: number): void {
    const request: Request = {
      ...{ requestId: `request-${this.#requests.length}`, caller: { owner, sees: 'own' }, dag: { actions: [] } },
      machine: { arch: 'x86_64', os: 'debian-12', memoryMiB: 1, cpus: 1, diskMiB: 1 },
    };
    this.#requests.push(request);
    void this.#place(request, plant);
  }

  again(request: number, plant: number): void {
    const asked = this.#requests[request % Math.max(1, this.#requests.length)];
    if (asked && !this.#open.has(asked.requestId)) void this.#place(asked, plant);
  }

  /**
   * Places a request as a shop does: at the plant that has the VM, else at one after another until one does not refuse.
   */
  async #place(request: Request, first: number): Promise<void> {
    this.#open.add(request.requestId);
    try {
      using admitted = this.shop.enforcer.admit(request);
      const [holder] = this.plants.filter(
        (one) => this.#links.has(one.plantId) && one.has(keyText(requestKey(request))),
      );
      const order = holder ? [holder] : [0, 1].map((next) => this.plants[(first + next) % PLANTS.length]!);
      for (const { plantId } of order) {
        const refused = await admitted
          .at(plantId, () => this.#ask(plantId, request))
          .then(
            () => false,
            (error: GridError) => error.code === 'DRAINING' || error.details.asked === false,
          );
        if (!refused) return;
      }
    } catch (error) {
      if ((error as GridError).code !== 'QUOTA_VMS') throw error;
    } finally {
      this.#open.delete(request.requestId);
    }
  }

  #ask(plantId: string, request: Request): Promise<void> {
    const link = this.#links.get(plantId);
    if (!link) return Promise.reject(plantNeverAsked(plantId));
    const call = new Call(request);
    link.calls.add(call);
    link.down.push(call);
    return call.ended;
  }

  connect(plant: number): void {
    const { plantId } = this.plants[plant]!;
    if (this.#links.has(plantId)) return;
    this.shop.note('joined', plantId);
    this.#links.set(plantId, this.plants[plant]!.connect());
  }

  /** Messages that the shop has sent may still arrive. */
  cut(plant: number, arrives: boolean): void {
    const one = this.plants[plant]!;
    const link = this.#links.get(one.plantId);
    if (!link) return;
    this.#links.delete(one.plantId);
    link.isOpen = false;
    this.shop.note('left', one.plantId);
    for (const call of link.calls) call.end(new GridError('PLANT_LOST', 'the link was cut'));
    if (arrives) for (const call of link.down) one.take(call, link);
  }

  deliverUp(plant: number): void {
    const link = this.#links.get(PLANTS[plant]!);
    const message = link?.up.shift();
    if (!link || !message) return;
    if ('event' in message) {
      this.shop.book.apply(link, message.event);
      return;
    }
    link.calls.delete(message.reply);
    message.reply.end(message.error);
  }

  deliverDown(plant: number): void {
    const link = this.#links.get(PLANTS[plant]!);
    const call = link?.down.shift();
    if (link && call) this.plants[plant]!.take(call, link);
  }

  finish(plant: number, outcome: 'made' | 'failed' | 'refused'): void {
    const [first] = this.plants[plant]!.making.values();
    const error = { failed: new GridError('ACTION_FAILED', 'no'), refused: new GridError('DRAINING', 'no') };
    first?.end(outcome === 'made' ? undefined : error[outcome]);
  }

  destroy(plant: number): void {
    const [key] = this.plants[plant]!.machines.keys();
    if (key !== undefined) this.plants[plant]!.destroy(key);
  }

  restartPlant(plant: number, arrives: boolean): void {
    this.cut(plant, arrives);
    this.plants[plant]!.restart();
  }

  /** Killed as it stands: what was not written is lost. What it asked for may arrive all the same. */
  restartShop(arrives: boolean): void {
    const { path } = this.shop;
    const next = join(this.folder, `vms-${this.#shops.length}.sqlite`);
    for (const suffix of ['', '-wal']) if (existsSync(path + suffix)) cpSync(path + suffix, next + suffix);
    for (const plant of PLANTS.keys()) this.cut(plant, arrives);
    this.#shops.push(new Shop(next));
  }

  truth(owner: string): number {
    return this.plants.reduce((sum, plant) => sum + plant.countOf(owner), 0);
  }

  /** All plants are there, and nothing is under way any more. */
  async quiet(): Promise<void> {
    for (let busy = true; busy; ) {
      busy = false;
      for (const plant of PLANTS.keys()) {
        this.connect(plant);
        const link = this.#links.get(PLANTS[plant]!)!;
        busy ||= link.up.length > 0 || link.down.length > 0 || this.plants[plant]!.making.size > 0;
        while (link.down.length > 0) this.deliverDown(plant);
        this.finish(plant, 'made');
        await settled();
        while (link.up.length > 0) this.deliverUp(plant);
        await settled();
      }
    }
  }

  close(): void {
    for (const { file } of this.#shops) file.close();
    rmSync(this.folder, { recursive: true });
  }
}

const settled = () => new Promise(setImmediate);

const plant = fc.nat(PLANTS.length - 1);
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('create' as const), owner: fc.constantFrom('ada', 'ada', 'bob'), plant }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('again' as const), request: fc.nat(20), plant }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('up' as const), plant }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('down' as const), plant }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('finish' as const),
      outcome: fc.constantFrom('made' as const, 'made' as const, 'failed' as const, 'refused' as const),
      plant,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('destroy' as const), plant }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('connect' as const), plant }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cut' as const), arrives: fc.boolean(), plant }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restartPlant' as const), arrives: fc.boolean(), plant }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restartShop' as const), arrives: fc.boolean() }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const DEEDS: { readonly [D in Step['do']]: (world: World, one: Extract<Step, { readonly do: D }>) => void } = {
  create: (world, { owner, plant }) => world.create(owner, plant),
  again: (world, { request, plant }) => world.again(request, plant),
  up: (world, { plant }) => world.deliverUp(plant),
  down: (world, { plant }) => world.deliverDown(plant),
  finish: (world, { plant, outcome }) => world.finish(plant, outcome),
  destroy: (world, { plant }) => world.destroy(plant),
  connect: (world, { plant }) => world.connect(plant),
  cut: (world, { plant, arrives }) => world.cut(plant, arrives),
  restartPlant: (world, { plant, arrives }) => world.restartPlant(plant, arrives),
  restartShop: (world, { arrives }) => world.restartShop(arrives),
};

let world: World | undefined;
afterEach(() => world?.close());

test('no owner ever has more than its quota, and what is counted when all is quiet is what there is', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 120 }), async (steps) => {
      world = new World();
      for (const one of PLANTS.keys()) world.connect(one);
      for (const one of steps) {
        DEEDS[one.do](world, one as never);
        await settled();
        for (const owner of OWNERS) expect(world.truth(owner)).toBeLessThanOrEqual(QUOTA);
      }
      await world.quiet();
      for (const owner of OWNERS) {
        expect([owner, world.shop.book.usageOf(owner).vms]).toEqual([owner, world.truth(owner)]);
      }
      world.close();
      world = undefined;
    }),
    { numRuns: 400 },
  );
}, 120_000);
