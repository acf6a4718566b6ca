import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  type Asked,
  OfferBook,
  type OfferRest,
  OwnerBook,
  RequestFingerprints,
  requestFingerprint,
} from '@vmgrid/bidding';
import { type LinkAbove, type OfferEvent, packFingerprints, STANDING_LIMITS } from '@vmgrid/protocol';
import { OfferPublisher } from '../../src/bids/offer-publisher.ts';
import { LearntDurations } from '../../src/creation/durations.ts';
import { openDatabaseInMemory } from '../../src/database.ts';

type State = OfferRest | Asked | Error;

const restOf = (vms: number, loadAverage = 0): OfferRest => ({
  ...{ cost: 'memory', bidValidityMs: 30_000, leaseMaxMs: 3_600_000, least: {} },
  images: '0'.repeat(64),
  plant: {
    ...{ plantId: 'plant-1', version: '0.1.0', lines: [], loadAverage, guestNetwork: 'isolated', hostActions: [] },
    capacity: { memoryMiB: 1_024, diskMiB: 9_000, cpusPerVm: 2, vms: 8 },
    usage: { memoryMiB: 0, diskMiB: 0, vms },
    ...{ imageCount: 0, draining: false },
  },
});
const offerOf = (vms: number) => ({
  ...restOf(vms),
  durations: {},
  held: '',
  forgottenUntil: 0,
  coarse: false,
  others: {},
  owners: {},
});
const usage = (vms: number) => ({ memoryMiB: 0, diskMiB: 0, vms });

let state: State;
let looks: number;
let heard: OfferEvent[];
let logged: string[];
let wake: () => void;
let requests: RequestFingerprints;
let durations: LearntDurations;
let publisher: OfferPublisher;
const link = { notify: (_: string, event: OfferEvent) => heard.push(event) > 0 } as unknown as LinkAbove;

beforeEach(() => {
  state = restOf(0);
  looks = 0;
  heard = [];
  logged = [];
  requests = new RequestFingerprints();
  durations = new LearntDurations(openDatabaseInMemory());
  publisher = new OfferPublisher({
    rest: async () => {
      looks += 1;
      if (state instanceof Error) throw state;
      return state;
    },
    book: new OfferBook({ owners: new OwnerBook(), requests, durations, destroyedVms: { forgottenUntil: 0 } }),
    loadChanges: true,
    clock: { sleep: () => new Promise((resolve) => (wake = resolve)) },
    log: { error: (_: object, text: string) => void logged.push(text) } as never,
  });
});
afterEach(() => publisher.close());

async function comeUp(): Promise<void> {
  publisher.opened(link);
  await publisher.changed();
}

async function tell(next: State): Promise<void> {
  state = next;
  await publisher.changed();
}

test('a link that comes up is told the whole, then each change, before whoever reported it goes on', async () => {
  await comeUp();
  await tell(restOf(1));
  await tell(restOf(1));
  expect(heard).toEqual([
    { kind: 'whole', serial: 0, offer: offerOf(0) },
    { kind: 'change', serial: 1, change: { plant: { usage: usage(1) } } },
  ]);
});

test('a link that comes up anew is told the whole again; one that has ended is told nothing', async () => {
  await comeUp();
  await tell(restOf(1));
  await comeUp();
  publisher.ended(link);
  await tell(restOf(2));
  expect(heard).toEqual([
    { kind: 'whole', serial: 0, offer: offerOf(0) },
    { kind: 'change', serial: 1, change: { plant: { usage: usage(1) } } },
    { kind: 'whole', serial: 0, offer: offerOf(1) },
  ]);
});

test('many changes at once are looked at once more, not once each', async () => {
  publisher.opened(link);
  await Promise.all(Array.from({ length: 10 }, () => publisher.changed()));
  expect(looks).toBe(2);
});

test('a plant that has to be asked withdraws its offer, and publishes the whole when it stands again', async () => {
  await comeUp();
  await tell({ askedBecause: 'it tends itself' });
  await tell(restOf(1));
  expect(heard.slice(1)).toEqual([
    { kind: 'withdrawn', serial: 1, reason: 'it tends itself' },
    { kind: 'whole', serial: 2, offer: offerOf(1) },
  ]);
});

test('a plant that cannot say what its bids depend on is asked, and whoever reported the change goes on', async () => {
  await comeUp();
  await tell(new Error('the disk is gone'));
  expect(heard.at(-1)).toMatchObject({ kind: 'withdrawn' });
  expect(logged).toEqual(['the standing offer could not be told: the plant is asked']);
});

test('the load is looked at now and then, and told when it has moved by a step', async () => {
  state = restOf(0, 1);
  await comeUp();
  const look = async (loadAverage: number) => {
    state = restOf(0, loadAverage);
    wake();
    await new Promise((resolve) => setImmediate(resolve));
  };
  await look(1.2);
  await look(1.25);
  expect(heard.slice(1)).toEqual([{ kind: 'change', serial: 1, change: { plant: { loadAverage: 1.25 } } }]);
});

test('what is held and learnt is told as it comes and goes, to each link from the whole it was told', async () => {
  requests.add('request-1');
  durations.learn('action:a', 2);
  await comeUp();
  requests.add('request-2');
  requests.add('request-2');
  requests.drop('request-1');
  durations.learn('action:b', 3);
  await tell(restOf(0));
  requests.drop('request-2');
  await tell(restOf(0));
  expect(heard).toEqual([
    {
      kind: 'whole',
      serial: 0,
      offer: { ...offerOf(0), durations: { 'action:a': 2 }, held: packFingerprints([requestFingerprint('request-1')]) },
    },
    {
      kind: 'change',
      serial: 1,
      change: {
        durations: { 'action:b': 3 },
        held: [requestFingerprint('request-2')],
        dropped: [requestFingerprint('request-1')],
      },
    },
  ]);
});

test('a plant that holds more than it may publish is asked, until it holds less', async () => {
  await comeUp();
  for (let number = 0; number <= STANDING_LIMITS.held; number++) requests.add(`request-${number}`);
  await tell(restOf(0));
  expect(heard.at(-1)).toEqual({
    kind: 'withdrawn',
    serial: 1,
    reason: 'it has more than 16384 VMs and destroyed VMs',
  });
  requests.drop('request-0');
  await tell(restOf(0));
  expect(heard.at(-1)).toMatchObject({ kind: 'whole', serial: 2 });
});
