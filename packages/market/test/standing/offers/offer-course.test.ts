/**
 * A plant's reports over a link that loses and reorders, and what is known above: the whole chain, compared with whole
 * offers.
 */
import { expect, test } from '@jest/globals';
import {
  NOTHING_USED,
  OfferBook,
  OfferFeed,
  OwnerBook,
  ownerFingerprint,
  ownerLackOf,
  PublishedSets,
  RequestFingerprints,
  requestFingerprint,
} from '@vmgrid/bidding';
import { type Bidder, type OfferEvent, type OfferTerms, type OwnerShare, unpackFingerprints } from '@vmgrid/protocol';
import fc from 'fast-check';
import { lineReport } from '../../../../bidding/test/made-up-plants.ts';
import { LearntDurations } from '../../../../vmplant/src/creation/durations.ts';
import { openDatabaseInMemory } from '../../../../vmplant/src/database.ts';
import { DEPARTED_KEPT, DestroyedVms } from '../../../../vmplant/src/vms/destroyed-vms.ts';
import { OfferReceiver, StandingOffers } from '../../../src/index.ts';

const REQUESTS = Array.from({ length: 12 }, (_, number) => `request-${number}`);
const KEYS = Array.from({ length: 6 }, (_, number) => `action:${number}`);
const MACHINE = { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2_048 } as const;
const OWNERS = ['ada', 'bob', 'eve'];
const NO_IMAGES = new PublishedSets();

/** The parts of a plant that its offer is made of, with the same kept in the plainest way beside. */
class Plant {
  readonly requests = new RequestFingerprints();
  readonly durations = new LearntDurations(openDatabaseInMemory());
  readonly destroyedVms = new DestroyedVms(openDatabaseInMemory(), {
    requests: this.requests,
    clock: { now: () => 0 },
  });
  readonly owners = new OwnerBook({ others: { vms: 2 }, named: new Map([['bob', { vms: 3 }]]) });
  readonly book = new OfferBook(this);
  readonly #underWay: string[] = [];
  readonly #destroyedVms = new Set<string>();
  readonly learnt = new Set<string>();
  usage = { memoryMiB: 0, diskMiB: 0, vms: 0 };

  begin(requestId: string): void {
    this.#underWay.push(requestId);
    this.requests.add(requestId);
  }

  end(): void {
    const requestId = this.#underWay.shift();
    if (requestId !== undefined) this.requests.drop(requestId);
  }

  depart(requestId: string): void {
    this.destroyedVms.add(`vm-${requestId}`, requestId, {});
    this.#destroyedVms.add(requestId);
  }

  learn(key: string, seconds: number): void {
    this.durations.learn(key, seconds);
    this.learnt.add(key);
  }

  get held(): number[] {
    const ids = new Set([...this.#destroyedVms, ...this.#underWay]);
    return [...ids].map(requestFingerprint).sort();
  }

  get terms(): OfferTerms {
    return {
      ...{ cost: 'memory', bidValidityMs: 30_000, leaseMaxMs: 3_600_000, images: NO_IMAGES.digestOf(new Map()) },
      ...{ least: this.durations.allLeast(), forgottenUntil: this.destroyedVms.forgottenUntil },
      ...{ coarse: this.durations.isCoarse, others: this.owners.others },
      plant: {
        ...{ plantId: 'plant-1', version: '0.1.0', lines: [lineReport()], loadAverage: 0, guestNetwork: 'isolated' },
        capacity: { memoryMiB: 1_024, diskMiB: 9_000, cpusPerVm: 2, vms: 3 },
        ...{ usage: this.usage, hostActions: [], imageCount: 0, draining: false },
      },
    };
  }
}

const usageOf = (vms: number) => ({ memoryMiB: 256 * vms, diskMiB: 2_048 * vms, vms });

/** A link: what is sent may be refused, lost, or overtaken by what comes after it. */
class Link {
  readonly bidder: Bidder;
  readonly feed: OfferFeed;
  fate: 'arrives' | 'refused' | 'lost' | 'overtaken' = 'arrives';
  /** The last event that was sent has not come, or was not the last to come. */
  isBehind = false;
  readonly #deliver: (event: OfferEvent) => void;
  #overtaken: OfferEvent[] = [];

  constructor(bidder: Bidder, deliver: (event: OfferEvent) => void) {
    this.bidder = bidder;
    this.#deliver = deliver;
    this.feed = new OfferFeed((event) => this.#send(JSON.parse(JSON.stringify(event))));
  }

  #send(event: OfferEvent): boolean {
    if (this.fate === 'refused') return false;
    this.isBehind = this.fate !== 'arrives' || this.#overtaken.length > 0;
    if (this.fate === 'overtaken') this.#overtaken.push(event);
    if (this.fate !== 'arrives') return true;
    for (const one of [event, ...this.#overtaken]) this.#deliver(one); // those that were overtaken make a gap
    this.#overtaken = [];
    return true;
  }
}

class Above {
  readonly offers = new StandingOffers();
  readonly faults: unknown[] = [];
  readonly #receiver = new OfferReceiver(this.offers, { onFault: (fault) => this.faults.push(fault) });
  link = this.#dial();

  /** The link breaks, and comes up anew. */
  redial(): void {
    this.#receiver.left(this.link.bidder);
    this.link = this.#dial();
  }

  #dial(): Link {
    const bidder: Bidder = {
      ...{ plantId: 'plant-1', hello: { plantId: 'plant-1', version: '0.1.0', ad: {} } },
      call: async (_, request) => NO_IMAGES.page(request as never) as never,
    };
    return new Link(bidder, (event) => this.#receiver.notified(bidder, 'offer', event));
  }
}

type Step =
  | { readonly kind: 'begin' | 'depart'; readonly requestId: string }
  | { readonly kind: 'end' | 'redial' }
  | { readonly kind: 'learn'; readonly key: string; readonly seconds: number }
  | { readonly kind: 'use'; readonly vms: number }
  | { readonly kind: 'own'; readonly owner: string; readonly vms: number }
  | { readonly kind: 'tell'; readonly fate: Link['fate'] };

const requestId = fc.constantFrom(...REQUESTS);
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom('begin' as const, 'depart' as const), requestId }),
  fc.record({ kind: fc.constant('end' as const) }),
  fc.record({
    ...{ kind: fc.constant('learn' as const), key: fc.constantFrom(...KEYS, 'boot:x', 'restore:x') },
    seconds: fc.integer({ min: 1, max: 9 }),
  }),
  fc.record({ kind: fc.constant('use' as const), vms: fc.nat(3) }),
  fc.record({ kind: fc.constant('own' as const), owner: fc.constantFrom(...OWNERS), vms: fc.nat(3) }),
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('tell' as const),
      fate: fc.oneof(
        { weight: 12, arbitrary: fc.constant('arrives' as const) },
        fc.constantFrom('refused' as const, 'lost' as const, 'overtaken' as const),
      ),
    }),
  },
);
const course = fc.array(fc.oneof({ weight: 40, arbitrary: steps }, fc.constant<Step>({ kind: 'redial' })), {
  ...{ minLength: 50, maxLength: 400 },
});

async function take(step: Step, plant: Plant, above: readonly Above[]): Promise<void> {
  switch (step.kind) {
    case 'begin':
    case 'depart':
      plant[step.kind](step.requestId);
      return;
    case 'end':
      plant.end();
      await arrival();
      return;
    case 'learn':
      plant.learn(step.key, step.seconds);
      return;
    case 'use':
      plant.usage = { ...plant.usage, vms: step.vms };
      return;
    case 'own':
      plant.owners.note(step.owner, usageOf(step.vms));
      return;
    case 'redial':
      above[0]!.redial();
      return;
    case 'tell':
      above[0]!.link.fate = step.fate;
      tell(plant, above);
      await arrival();
      return;
  }
}

function tell(plant: Plant, above: readonly Above[]): void {
  const telling = plant.book.tell(plant.terms);
  if ('askedBecause' in telling) throw new Error(telling.askedBecause);
  for (const { link } of above) link.feed.tell(telling);
}

/** Resolves when everything sent was taken in, image sets too. */
const arrival = () => new Promise((resolve) => setImmediate(resolve));

/** Expects that those above know what a whole offer made now would contain. */
function expectKnown({ offers }: Above, plant: Plant): void {
  const known = offers.get('plant-1')!;
  const whole = telling(new OfferBook(plant), plant);
  expect(known.terms).toEqual(plant.terms);
  expect([...unpackFingerprints(whole.held)].sort()).toEqual(plant.held);
  const holds = (fingerprint: number) => offers.held.plantsWith(fingerprint).length;
  expect(REQUESTS.map(requestFingerprint).map(holds)).toEqual(
    REQUESTS.map(requestFingerprint).map((one) => (plant.held.includes(one) ? 1 : 0)),
  );
  expect(Object.keys(whole.durations).sort()).toEqual([...plant.learnt].sort());
  for (const key of [...KEYS, 'boot:x']) expect(known.durations.expect(key)).toBe(whole.durations[key]);
  expect(known.durations.least('boot')).toBe(whole.least.boot);
  for (const owner of OWNERS) {
    const lack = (share: OwnerShare | undefined) =>
      ownerLackOf(MACHINE, { used: share?.used ?? NOTHING_USED, limits: share?.limits ?? plant.owners.others });
    const [declines, plants] = [offers.owners, new Map([['plant-1', known]])];
    const [decline] = declines.declinesFor(owner, MACHINE, plants);
    expect(decline?.details).toEqual(lack(whole.owners[ownerFingerprint(owner)])?.details);
  }
}

function telling(book: OfferBook, plant: Plant) {
  const told = book.tell(plant.terms);
  if ('askedBecause' in told) throw new Error(told.askedBecause);
  return told.whole();
}

test('after any course of changes and losses an offer that stands is the one made whole, else the plant is asked', async () => {
  await fc.assert(
    fc.asyncProperty(course, async (all) => {
      const plant = new Plant();
      const [lossy, good] = [new Above(), new Above()];
      for (const step of all) {
        await take(step, plant, [lossy, good]);
        if (step.kind === 'tell') expectKnown(good, plant);
        const isCurrent = step.kind === 'tell' && step.fate === 'arrives' && !lossy.link.isBehind;
        if (isCurrent && lossy.offers.get('plant-1')) expectKnown(lossy, plant);
      }
      lossy.redial();
      lossy.link.fate = 'arrives';
      tell(plant, [lossy, good]);
      await arrival();
      expectKnown(lossy, plant);
      expect(good.faults).toEqual([]);
    }),
    { numRuns: 40 },
  );
}, 120_000);

test('an offer after more departures than a plant remembers is the one made whole', async () => {
  const [plant, above] = [new Plant(), new Above()];
  tell(plant, [above]);
  await arrival();
  for (let number = 0; number < DEPARTED_KEPT + 500; number++) {
    plant.destroyedVms.add(`vm-${number}`, `departed-${number}`, {});
    plant.learn(`action:${number % 5_000}`, number);
    if (number % 3 === 0) tell(plant, [above]);
  }
  tell(plant, [above]);
  const whole = telling(new OfferBook(plant), plant);
  const known = above.offers.get('plant-1')!;
  expect(above.faults).toEqual([]);
  expect(unpackFingerprints(whole.held).length).toBe(plant.requests.size);
  for (const fingerprint of unpackFingerprints(whole.held))
    expect(above.offers.held.plantsWith(fingerprint)).toEqual(['plant-1']);
  expect(above.offers.held.plantsWith(requestFingerprint('departed-499'))).toEqual([]);
  for (const [key, seconds] of Object.entries(whole.durations)) expect(known.durations.expect(key)).toBe(seconds);
}, 120_000);
