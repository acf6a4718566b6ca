import { describe, expect, test } from '@jest/globals';
import { requestFingerprint } from '@vmgrid/bidding';
import type { Bidder, CallTerms, CreateRequest, Identified, LinkApi, PlantBackoff } from '@vmgrid/protocol';
import fc from 'fast-check';
import { auctionOn, type MarketDeps, PlantFailureHistory, StandingOffers } from '../../src/index.ts';
import type { SharesOfPlant } from '../../src/standing/offers/owner-shares.ts';
import type { FingerprintsOfPlant } from '../../src/standing/remembered/held-requests.ts';
import { VirtualTime } from '../virtual-time.ts';
import {
  answerOf,
  byFingerprint,
  changed,
  type Published,
  plants,
  requests,
  type Step,
  standing,
  steps,
  wholeChange,
} from './grids.ts';

/** Far more bids than there are plants: then both name all. */
const ALL = 64;

class Grid {
  readonly time = new VirtualTime();
  readonly offers = new StandingOffers();
  readonly #published = new Map<string, Published>();
  readonly #held = new Map<string, FingerprintsOfPlant>();
  readonly #shares = new Map<string, SharesOfPlant>();
  readonly #away = new Map<string, Published>();
  asked: string[] = [];

  constructor(all: readonly Published[]) {
    for (const one of all) this.put(one);
  }

  put(one: Published): void {
    const { plantId } = one.terms.plant;
    this.#published.set(plantId, one);
    if (!this.#held.has(plantId)) {
      this.#held.set(plantId, this.offers.held.begin(plantId, one.held));
      this.#shares.set(plantId, this.offers.owners.begin(plantId, byFingerprint(one.owners)));
    }
    this.offers.put(standing(one, this.offers.get(plantId)));
  }

  apply(step: Exclude<Step, { kind: 'auction' }>): void {
    const plantId = `plant-${step.plant}`;
    const here = this.#published.get(plantId);
    const away = this.#away.get(plantId);
    if (step.kind === 'change' && here) {
      const change = wholeChange(here, step.change);
      this.offers.get(plantId)!.durations.apply(change);
      this.#shares.get(plantId)!.change(byFingerprint(change.owners ?? {}));
      this.put(changed(here, change));
    }
    if (step.kind === 'join' && away) this.put(away);
    if (step.kind === 'leave' && here) {
      this.#away.set(plantId, here);
      this.#published.delete(plantId);
      this.offers.remove(plantId);
      this.#held.get(plantId)!.end();
      this.#held.delete(plantId);
      this.#shares.get(plantId)!.end();
    }
  }

  hold(request: Identified<CreateRequest>, terms: CallTerms, how: 'asked' | 'standing') {
    const deps: MarketDeps = {
      clock: this.time,
      memory: new PlantFailureHistory(this.time),
      newAuctionId: () => 'auction',
      ...(how === 'standing' ? { standing: this.offers } : {}),
    };
    this.asked = [];
    return this.time.until(
      auctionOn(
        { request, terms, bidders: [...this.#published.values()].map((one) => this.#bidder(one, request)) },
        deps,
      ),
    );
  }

  #bidder(one: Published, request: Identified<CreateRequest>): Bidder {
    const { plantId } = one.terms.plant;
    return {
      plantId,
      hello: { plantId, version: '0.1.0', ad: {} },
      call: async <M extends keyof LinkApi>() => {
        this.asked.push(plantId);
        return answerOf(one, request, this.time.now()) as ReturnType<LinkApi[M]>;
      },
    };
  }
}

const termsOf = (time: VirtualTime, terms: Partial<CallTerms> = {}): CallTerms => ({
  openedAt: new Date(time.now()).toISOString(),
  windowMs: 1_000,
  best: ALL,
  order: 'cheapest',
  inBackoff: [],
  path: [],
  ...terms,
});

async function agrees(grid: Grid, request: Identified<CreateRequest>, terms: CallTerms): Promise<void> {
  const asked = await grid.hold(request, terms, 'asked');
  const stood = await grid.hold(request, terms, 'standing');
  expect(stood.bids).toEqual(asked.bids.slice(0, stood.bids.length));
  expect(stood.bids.length).toBeGreaterThanOrEqual(Math.min(terms.best, asked.bids.length));
  expect(stood.trail.order).toEqual(asked.trail.order.slice(0, stood.bids.length));
  expect(stood.trail.summary).toEqual(asked.trail.summary);
}

const inBackoff: fc.Arbitrary<readonly PlantBackoff[]> = fc.subarray(
  Array.from({ length: 12 }, (_, number) => ({
    plantId: `plant-${number}`,
    failures: 1,
    lastCode: 'VMM_FAILED',
    backoffUntil: Date.UTC(2026, 0, 1) + (number % 2 === 0 ? 60_000 : -1),
  })),
);

const isOneWithRoom = ([one, ...others]: readonly Published[]): boolean =>
  one !== undefined &&
  others.length === 0 &&
  one.terms.cost === '1' &&
  one.set === 2 &&
  !one.terms.plant.draining &&
  one.terms.plant.capacity.memoryMiB === 1_024 &&
  one.terms.plant.lines.length > 0;

function endSteps(steps: Iterator<unknown>): void {
  while (!steps.next().done);
}

describe('standing offers', () => {
  test('answer as all the plants would, through any changes', async () => {
    await fc.assert(
      fc.asyncProperty(plants, steps, inBackoff, fc.constantFrom(1, 3, ALL), async (all, course, held, best) => {
        const grid = new Grid(all);
        for (const step of course) {
          if (step.kind !== 'auction') grid.apply(step);
          else {
            const order = step.soonest ? 'soonest' : 'cheapest';
            await agrees(grid, step.request, termsOf(grid.time, { order, best, inBackoff: [...held] }));
            grid.time.pass(1_000);
          }
        }
      }),
      { numRuns: 300 },
    );
  }, 60_000);

  test('forward to a shop only what it may award, and that is what all the plants would have come to', async () => {
    await fc.assert(
      fc.asyncProperty(plants, requests, fc.constantFrom(1, 3), async (all, request, best) => {
        const grid = new Grid(all);
        const terms = termsOf(grid.time, { best, path: ['broker'] });
        const asked = await grid.hold(request, terms, 'asked');
        const stood = await grid.hold(request, terms, 'standing');
        expect(stood.bids.slice(0, best)).toEqual(asked.bids.slice(0, best));
      }),
      { numRuns: 300 },
    );
  }, 60_000);

  test.each([0, 1, 2, 3, 4, 5])(
    'answer right though after %i steps of one the offer changes, and another to the same class is made',
    async (stepsBefore) => {
      const [one] = fc.sample(plants.filter(isOneWithRoom), { seed: 1, numRuns: 1 })[0]!;
      const grid = new Grid([one!]);
      const request: Identified<CreateRequest> = {
        ...{ requestId: 'request-2', dag: { actions: [] } },
        machine: { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2_048 },
        requirements: 'TARGET.FreeMemoryMiB > 512 && TARGET.FreeMemoryMiB > 513',
      };
      const use = (memoryMiB: number) =>
        grid.apply({ kind: 'change', plant: 0, change: { plant: { usage: { memoryMiB, diskMiB: 0, vms: 0 } } } });
      await grid.hold(request, termsOf(grid.time), 'standing');
      use(512);
      const [first, second] = [0, 1].map(() => grid.offers.answer(request, termsOf(grid.time)));
      for (let step = 0; step < stepsBefore; step += 1) first!.next();
      use(0);
      endSteps(second!);
      endSteps(first!);
      expect((await grid.hold(request, termsOf(grid.time), 'standing')).bids).toHaveLength(1);
    },
  );

  test('take the time of each auction, also where it matters only once an offer has changed', async () => {
    const [one] = fc.sample(plants.filter(isOneWithRoom), { seed: 1, numRuns: 1 })[0]!;
    const grid = new Grid([one!]);
    const request: Identified<CreateRequest> = {
      ...{ requestId: 'request-2', dag: { actions: [] } },
      machine: { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2_048 },
      requirements: `TARGET.FreeMemoryMiB > 512 || time() > ${grid.time.now() / 1_000}`,
    };
    for (const memoryMiB of [0, 512]) {
      grid.apply({ kind: 'change', plant: 0, change: { plant: { usage: { memoryMiB, diskMiB: 0, vms: 0 } } } });
      await agrees(grid, request, termsOf(grid.time));
      expect((await grid.hold(request, termsOf(grid.time), 'standing')).bids).toHaveLength(1);
      grid.time.pass(1_000);
    }
  });

  test('ask nobody but a plant that may have the VM of the request', async () => {
    const [one, two] = fc.sample(
      plants.filter((all) => all.length > 1),
      { seed: 1, numRuns: 1 },
    )[0]!;
    const grid = new Grid([
      { ...one!, held: [] },
      { ...two!, held: [requestFingerprint('request-1')] },
    ]);
    const [request] = fc.sample(requests, { seed: 1, numRuns: 1 });
    await grid.hold({ ...request!, requestId: 'request-1' }, termsOf(grid.time), 'standing');
    expect(grid.asked).toEqual([two!.terms.plant.plantId]);
    await grid.hold({ ...request!, requestId: 'request-2' }, termsOf(grid.time), 'standing');
    expect(grid.asked).toEqual([]);
  });
});
