import { beforeEach, expect, test } from '@jest/globals';
import { type ImageSet, type KnownImage, PublishedSets, withChange } from '@vmgrid/bidding';
import type { Bidder, GridError, ImageSetReply, ImageSetRequest, StandingOffer } from '@vmgrid/protocol';
import { toEnd } from '@vmgrid/test-support/jest/to-end.ts';
import { baseImage, historyOf, suspendedImage } from '../../../../bidding/test/made-up-images.ts';
import { lineReport } from '../../../../bidding/test/made-up-plants.ts';
import { OfferReceiver, StandingOffers } from '../../../src/index.ts';

const setOf = (...images: readonly KnownImage[]): ImageSet =>
  new Map(images.map((image) => [image.manifest.id, image]));
const BASE = baseImage('base');
const GOLDEN = suspendedImage('golden', { history: historyOf('a'.repeat(64)) });

let offers: StandingOffers;
let faults: { readonly plantId: string; readonly err: GridError }[];
let receiver: OfferReceiver;
beforeEach(() => {
  offers = new StandingOffers();
  faults = [];
  receiver = new OfferReceiver(offers, { onFault: (fault) => faults.push(fault) });
});

/** A plant that publishes: how it sends images can be replaced. */
class Plant {
  readonly bidder: Bidder;
  readonly asked: ImageSetRequest[] = [];
  send: (request: ImageSetRequest) => ImageSetReply;
  readonly #sets = new PublishedSets();
  #serial = 0;
  #offer: StandingOffer;

  constructor(plantId: string, images: ImageSet) {
    this.send = (request) => this.#sets.page(request);
    this.bidder = {
      plantId,
      hello: { plantId, version: '0.1.0', ad: {} },
      call: async (_method, request) => {
        this.asked.push(request as ImageSetRequest);
        return this.send(request as ImageSetRequest) as never;
      },
    };
    this.#offer = {
      ...{ cost: 'memory', bidValidityMs: 30_000, leaseMaxMs: 3_600_000, durations: {}, least: {}, held: '' },
      ...{ forgottenUntil: 0, coarse: false, others: {}, owners: {} },
      images: this.#sets.digestOf(images),
      plant: {
        ...{ plantId, version: '0.1.0', lines: [lineReport()], loadAverage: 0, guestNetwork: 'isolated' },
        capacity: { memoryMiB: 1_024, diskMiB: 9_000, cpusPerVm: 2, vms: 3 },
        usage: { memoryMiB: 0, diskMiB: 0, vms: 0 },
        ...{ hostActions: [], imageCount: images.size, draining: false },
      },
    };
  }

  publish(offer: StandingOffer = this.#offer): void {
    this.#serial = 0;
    receiver.notified(this.bidder, 'offer', { kind: 'whole', serial: 0, offer });
  }

  change(change: { readonly images?: ImageSet; readonly vms?: number }, serial = ++this.#serial): void {
    const usage = { memoryMiB: 0, diskMiB: 0, vms: change.vms ?? 0 };
    const told = {
      plant: { usage },
      ...(change.images === undefined ? {} : { images: this.#sets.digestOf(change.images) }),
    };
    this.#offer = { ...this.#offer, ...withChange(this.#offer, told) };
    receiver.notified(this.bidder, 'offer', { kind: 'change', serial, change: told });
  }

  get offer(): StandingOffer {
    return this.#offer;
  }
}

const standing = (...plants: readonly Plant[]) => plants.filter(({ bidder }) => offers.get(bidder.plantId)).length;

/** Resolves when everything sent has arrived. */
const arrival = () => new Promise((resolve) => setImmediate(resolve));

test('an offer stands as soon as its images are known, which are fetched once for all plants that have them', async () => {
  const [one, other] = [new Plant('one', setOf(BASE)), new Plant('other', setOf(BASE))];
  one.publish();
  other.publish();
  expect(standing(one, other)).toBe(0);
  await arrival();
  expect(standing(one, other)).toBe(2);
  expect([one.asked, other.asked].map(({ length }) => length)).toEqual([1, 0]);
  expect(offers.get('one')!.images).toBe(offers.get('other')!.images);
  expect(faults).toEqual([]);
});

test('of other images only the difference is fetched, and until it is there the offer does not stand', async () => {
  const plant = new Plant('one', setOf(BASE));
  plant.publish();
  await arrival();
  const before = plant.offer.images;
  plant.change({ images: setOf(BASE, GOLDEN) });
  expect(standing(plant)).toBe(0);
  await arrival();
  expect(standing(plant)).toBe(1);
  expect(plant.asked.at(-1)).toEqual({ digest: plant.offer.images, since: before, offset: 0 });
  expect(offers.get('one')!.images.size).toBe(2);
});

test('a set goes with the last plant that has it', async () => {
  const [one, other] = [new Plant('one', setOf(BASE)), new Plant('other', setOf(BASE))];
  one.publish();
  await arrival();
  receiver.left(one.bidder);
  other.publish();
  await arrival();
  expect([standing(one), standing(other)]).toEqual([0, 1]);
  expect(other.asked).toHaveLength(1);
});

test('images that are not the set they are said to be are refused, and the plant is asked', async () => {
  const plant = new Plant('one', setOf(BASE));
  plant.send = () => ({ added: [GOLDEN.manifest as never], removed: [] });
  plant.publish();
  await arrival();
  expect(standing(plant)).toBe(0);
  expect(faults).toMatchObject([{ plantId: 'one', err: { code: 'LINK_PROTOCOL' } }]);
});

test('when the plant that is asked for images fails, those that wait for them are asked, one after the other', async () => {
  const plants = ['one', 'two', 'three', 'four'].map((plantId) => new Plant(plantId, setOf(BASE)));
  const [lost, alsoLost, answering, waiting] = plants as [Plant, Plant, Plant, Plant];
  for (const plant of [lost, alsoLost]) {
    plant.send = () => {
      throw new Error('the link has ended');
    };
  }
  for (const plant of plants) plant.publish();
  await arrival();
  expect(plants.map(({ asked }) => asked.length)).toEqual([1, 1, 1, 0]);
  expect(standing(answering, waiting)).toBe(2);
  expect(standing(lost, alsoLost)).toBe(0);
  expect(faults.map(({ plantId }) => plantId)).toEqual(['one', 'two']);
});

test('a change that comes twice counts once, and the offer stands', async () => {
  const plant = new Plant('one', setOf(BASE));
  plant.publish();
  await arrival();
  plant.change({ vms: 1 }, 1);
  plant.change({ vms: 1 }, 1);
  plant.change({ vms: 2 }, 2);
  expect(standing(plant)).toBe(1);
  expect(faults).toEqual([]);
  expect(offers.get('one')!.terms.plant.usage.vms).toBe(2);
});

test('an offer of which a change was missed no longer stands, until it comes as a whole', async () => {
  const plant = new Plant('one', setOf(BASE));
  plant.publish();
  await arrival();
  plant.change({ vms: 1 }, 2);
  expect(standing(plant)).toBe(0);
  expect(faults).toMatchObject([{ plantId: 'one', err: { code: 'LINK_PROTOCOL', details: { serial: 2 } } }]);
  plant.publish();
  await arrival();
  expect(offers.get('one')!.terms.plant.usage.vms).toBe(1);
});

test('an offer whose cost cannot be read does not stand, whenever that is noticed, and the plant is asked', async () => {
  const [fetching, hanging] = [new Plant('one', setOf(BASE)), new Plant('two', setOf(BASE))];
  fetching.publish({ ...fetching.offer, cost: '1 +' });
  await arrival();
  hanging.publish();
  await arrival();
  receiver.silent(hanging.bidder);
  receiver.notified(hanging.bidder, 'offer', { kind: 'change', serial: 1, change: { cost: '1 +' } });
  receiver.heard(hanging.bidder);
  expect(standing(fetching, hanging)).toBe(0);
  expect(faults.map(({ plantId, err }) => [plantId, err.code])).toEqual([
    ['one', 'CONFIG_INVALID'],
    ['two', 'CONFIG_INVALID'],
  ]);
});

test('a change of what is used keeps all that was made of the rest', async () => {
  const plant = new Plant('one', setOf(BASE));
  plant.publish();
  await arrival();
  const before = offers.get('one')!;
  plant.change({ vms: 1 });
  const after = offers.get('one')!;
  expect(after.terms.plant.usage.vms).toBe(1);
  for (const part of ['lines', 'cost', 'images', 'durations'] as const) expect(after[part]).toBe(before[part]);
});

test('a plant cannot publish in the name of another', async () => {
  const [one, other] = [new Plant('one', setOf(BASE)), new Plant('other', setOf(BASE))];
  one.publish(other.offer);
  await arrival();
  expect(standing(one, other)).toBe(0);
  expect(faults).toMatchObject([{ plantId: 'one', err: { code: 'LINK_PROTOCOL' } }]);
});

test('a plant that hangs is neither answered for nor asked until it is heard of, with what it said meanwhile', async () => {
  const plant = new Plant('one', setOf(BASE));
  plant.publish();
  await arrival();
  receiver.silent(plant.bidder);
  expect(standing(plant)).toBe(0);
  const { toAsk, parts } = toEnd(
    offers.answer(
      { requestId: 'request-1', machine: BASE.manifest.machine, dag: { actions: [] } },
      { openedAt: '2026-01-01T00:00:00Z', windowMs: 1, best: 1, order: 'cheapest', inBackoff: [], path: [] },
    ),
  );
  expect(toAsk([plant.bidder])).toEqual([]);
  expect(parts).toMatchObject([{ bids: [], summary: { asked: 1, silent: 1 } }]);
  plant.change({ vms: 2 });
  expect(standing(plant)).toBe(0);
  receiver.heard(plant.bidder);
  expect(offers.get('one')!.terms.plant.usage.vms).toBe(2);
});

test('a plant that withdraws its offer is asked', async () => {
  const plant = new Plant('one', setOf(BASE));
  plant.publish();
  await arrival();
  receiver.notified(plant.bidder, 'offer', { kind: 'withdrawn', serial: 1, reason: 'it tends itself' });
  expect(standing(plant)).toBe(0);
  expect(faults).toEqual([]);
});
