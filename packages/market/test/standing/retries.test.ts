/** Requests that come again after a plant has destroyed their VMs, up to and past what it remembers. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { expiryOf, RequestFingerprints } from '@vmgrid/bidding';
import { type Bid, type Bidder, type Call, GridError, type LinkApi, requestCancelled } from '@vmgrid/protocol';
import fc from 'fast-check';
import { v7 as uuid } from 'uuid';
import { openDatabaseInMemory } from '../../../vmplant/src/database.ts';
import { DEPARTED_KEPT, DestroyedVms } from '../../../vmplant/src/vms/destroyed-vms.ts';
import {
  type Auction,
  auctionOn,
  holdAuction,
  joinAuction,
  type MarketDeps,
  PlantFailureHistory,
  StandingOffers,
} from '../../src/index.ts';
import { bid, FakeBidder, request } from '../bidders.ts';
import { VirtualTime } from '../virtual-time.ts';
import { type Published, plants, standing } from './grids.ts';

/** Requests are made a second apart, and the last of them a minute ago. */
const MADE = DEPARTED_KEPT + 1;
const time = new VirtualTime();
const NOW = time.now();
const idOf = (number: number) => uuid({ msecs: NOW - 60_000 - (MADE - number) * 1_000 });
const ids = Array.from({ length: MADE }, (_, number) => idOf(number));
const [forgotten, oldest, newest] = [ids[0]!, ids[1]!, ids.at(-1)!];

const requests = new RequestFingerprints();
let destroyedVms: DestroyedVms;
let offers: StandingOffers;
let asked: string[];

/** A request that its owner cancelled, of which the plant keeps the token. */
const CANCELLED_ID = 'request-that-was-cancelled';

/** Has made all of the requests, and forgotten the first. */
const holder: Bidder = {
  ...{ plantId: 'plant-0', hello: { plantId: 'plant-0', version: '0', ad: {} } },
  async call<M extends keyof LinkApi>(_: M, { requestId }: { requestId: string }) {
    asked.push(requestId);
    if (requestId === CANCELLED_ID) throw requestCancelled(requestId);
    const holds = destroyedVms.byRequest({ requestId }) !== undefined;
    const expiry = expiryOf(requestId, { plantId: 'plant-0', forgottenUntil: destroyedVms.forgottenUntil }, NOW);
    if (!holds && expiry) throw expiry;
    return { ...bid('plant-0'), holds } as ReturnType<LinkApi[M]>;
  },
} as Bidder;
const other = new FakeBidder(time, 'plant-1', { offer: bid('plant-1', 0.5) });

const termsFor = (path: readonly string[] = []) => ({
  ...{ openedAt: new Date(NOW).toISOString(), windowMs: 1_000, best: 3, order: 'cheapest' as const, inBackoff: [] },
  path: [...path],
});
const depsWith = (of: StandingOffers | undefined): MarketDeps => ({
  ...{ clock: time, memory: new PlantFailureHistory(time), newAuctionId: () => 'auction' },
  ...(of && { standing: of }),
});
const through = (brokerId: string, below: readonly Bidder[], of: StandingOffers | undefined): Bidder => ({
  ...{ plantId: brokerId, hello: { plantId: brokerId, version: '0', role: 'broker', ad: {} } },
  call: (async (_: string, { terms, ...one }: Call) =>
    joinAuction(brokerId, { request: one, terms: terms!, bidders: below }, depsWith(of))) as unknown as Bidder['call'],
});

/** The ways in which an auction comes by what plants have forgotten. */
const WAYS: Readonly<Record<string, () => { readonly bidders: readonly Bidder[]; readonly deps: MarketDeps }>> = {
  'plants that publish': () => ({ bidders: [holder, other], deps: depsWith(offers) }),
  'plants that are asked': () => ({ bidders: [holder, other], deps: depsWith(undefined) }),
  'a broker of plants that publish': () => ({
    bidders: [through('broker', [holder], offers), other],
    deps: depsWith(undefined),
  }),
  'two brokers of plants that are asked': () => ({
    bidders: [through('upper', [through('lower', [holder], undefined)], undefined), other],
    deps: depsWith(undefined),
  }),
};

beforeAll(() => {
  destroyedVms = new DestroyedVms(openDatabaseInMemory(), { requests, clock: { now: () => NOW } });
  for (const [number, id] of ids.entries()) destroyedVms.add(`vm-${number}`, id, { VmId: `vm-${number}` });
  const [one, two] = fc.sample(
    plants.filter((all) => all.length > 1),
    { seed: 1, numRuns: 1 },
  )[0] as Published[];
  offers = new StandingOffers();
  offers.put(standing(one!));
  offers.put(standing(two!));
  requests.add(CANCELLED_ID);
  offers.held.begin('plant-0', requests.all());
  offers.forgotten.note({ plantId: 'plant-0', forgottenUntil: destroyedVms.forgottenUntil });
});

describe.each(Object.entries(WAYS))('a request that comes again to %s', (_, wayOf) => {
  const hold = async (requestId: string): Promise<Auction> => {
    asked = [];
    const { bidders, deps } = wayOf();
    return time.until(auctionOn({ request: { ...request, requestId }, terms: termsFor(), bidders }, deps));
  };
  const holders = ({ bids }: Auction) => bids.filter(({ holds }: Bid) => holds).map(({ plantId }) => plantId);

  test('finds its VM as long as it is remembered', async () => {
    for (const id of [oldest, newest]) expect(holders(await hold(id))).toEqual(['plant-0']);
  });

  test('is refused once it has been forgotten, and not made a second time', async () => {
    await expect(hold(forgotten)).rejects.toMatchObject({
      code: 'REQUEST_EXPIRED',
      details: { requestId: forgotten, plantId: 'plant-0' },
    });
  });

  test('is refused when it was cancelled, whoever else bids', async () => {
    await expect(hold(CANCELLED_ID)).rejects.toMatchObject({
      code: 'REQUEST_CANCELLED',
      details: { requestId: CANCELLED_ID },
    });
  });

  test('is new for certain when its id is later than what has been forgotten, or carries no time', async () => {
    for (const id of [uuid({ msecs: NOW }), 'request-of-mine']) {
      const auction = await hold(id);
      expect(auction.trail.summary.asked).toBeGreaterThan(1);
      expect(holders(auction)).toEqual([]);
    }
  });
});

test('a plant that holds a request is found though another has forgotten some of its age', async () => {
  const forgets = new FakeBidder(time, 'plant-1', { error: new GridError('REQUEST_EXPIRED', 'too long ago') });
  asked = [];
  const auction = await time.until(
    holdAuction({ request: { ...request, requestId: oldest }, bidders: [forgets, holder] }, depsWith(undefined), {
      bidWindowMs: 1_000,
    }),
  );
  expect(auction.bids.map(({ plantId, holds }) => [plantId, holds])).toEqual([['plant-0', true]]);
});

test('a plant that was asked, since its fingerprint is the same, and does not hold the request, does not make it new', async () => {
  asked = [];
  const alike = new StandingOffers();
  alike.forgotten.note({ plantId: 'plant-9', forgottenUntil: NOW });
  const plant: Bidder = { ...holder, call: (async () => bid('plant-0')) as Bidder['call'] };
  const holding = auctionOn(
    { request: { ...request, requestId: forgotten }, terms: termsFor(), bidders: [plant] },
    depsWith(alike),
  );
  await expect(time.until(holding)).rejects.toMatchObject({ code: 'REQUEST_EXPIRED', details: { plantId: 'plant-9' } });
});
