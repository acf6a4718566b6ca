/**
 * A shop that knows of a plant which is not here, and may come back any moment: no answer says that there is nothing.
 */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { Operations } from '@vmgrid/http-api';
import { type Absence, Absences, Membership, PlantFailureHistory, VmBook } from '@vmgrid/market';
import { type Bidder, GridError, type ImageReply, type ToldVm } from '@vmgrid/protocol';
import { Value } from 'typebox/value';
import { VirtualTime } from '../../../market/test/virtual-time.ts';
import { AuctionHistory } from '../../src/auctions/auction-history.ts';
import { ShopConfig } from '../../src/config.ts';
import { PlantFeed } from '../../src/plants/plant-feed.ts';
import { Shop } from '../../src/shop.ts';
import { VmEvents } from '../../src/vms/vm-events.ts';

type Answers = Readonly<Record<string, () => unknown>>;

const VM = 'vm-00000000-0000-4000-8000-000000000001';
const RETURN_MS = 20_000;
const FORGET_MS = 3_600_000;
const machine = { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2048 } as const;
const work = { machine, dag: { actions: [] } };
const image = {
  ...{ imageId: 'octave', tags: ['stable'], pinned: false, line: 'qemu', suspended: true, parents: [], history: [] },
  ...{ machine, createdAt: '2026-01-01T00:00:00Z', createdBy: 'test', hits: 0, children: [], usedBy: [] },
  ...{ ownBytes: 1, sharedBytes: 0, virtualBytes: 2, plants: [], warehouses: ['warehouse'] },
} as unknown as ImageReply;

const unknown = () => {
  throw new GridError('VM_UNKNOWN', 'not here');
};
const declines = (plantId: string) => () => ({
  ...{ kind: 'decline', plantId, code: 'NO_IMAGE', message: 'no image starts it', details: {} },
});
const bids = (plantId: string) => () => ({
  ...{ kind: 'bid', plantId, cost: 1, validUntil: new Date(time.now() + 60_000).toISOString(), ad: {} },
  plan: { imageId: 'base', line: 'qemu', start: 'restore', actionsCached: 0, actionsLeft: 0, expectedSeconds: 1 },
});

/** A plant that knows nothing and has nothing. */
const empty = (plantId: string): Answers => ({
  ...{ query: unknown, list: () => [], listImages: () => [], suggestImages: () => ({ plantId }) },
  ...{ explain: () => ({ plantId }), estimate: declines(plantId), collectImages: () => ({ plantId }) },
});

/** The one that has everything. */
const vm = () => ({ VmId: VM, State: 'running' });
const KEEPER: Answers = {
  ...{
    query: vm,
    destroy: vm,
    configure: vm,
    suspend: vm,
    resume: vm,
    start: vm,
    renew: vm,
    create: vm,
    list: () => [vm()],
  },
  ...{ listImages: () => [image], labelImage: () => image, removeImage: () => ({}), verifyImages: () => [] },
  ...{ collectImages: () => ({ plantId: 'keeper' }), suggestImages: () => ({ plantId: 'keeper' }) },
  ...{ recordedRequests: () => [], estimate: () => bids('keeper')(), buildImage: () => ({ image }) },
};

let time: VirtualTime;
let membership: Membership;
let absences: Absences;
let shop: Shop;
let asked: string[];

beforeEach(() => {
  time = new VirtualTime();
  asked = [];
  shop = newShop([{ plantId: 'keeper', absentMs: 0 }]);
});

/** Makes a shop that knows these absences from the beginning. */
function newShop(before: readonly Absence[]): Shop {
  absences = new Absences({ clock: time, returnMs: RETURN_MS, forgetMs: FORGET_MS, before });
  const book = new VmBook({ clock: time, keepsAbsent: true });
  membership = new Membership({
    ...{ clock: time, onProgress: () => undefined },
    onVms: (link, event) => book.apply(link, event),
    onChange: (change) => {
      book.note(change);
      absences.note(change);
    },
  });
  return new Shop(
    {
      ...{ membership, absences, operations: new Operations({ kept: 10 }) },
      market: { clock: time, memory: new PlantFailureHistory(time), newAuctionId: () => 'auction' },
      auctions: new AuctionHistory({ file: ':memory:', kept: 10, keptBytes: 1_000_000 }),
      ...{ feed: new PlantFeed(time), vmEvents: new VmEvents(), book },
    },
    { ...(Value.Create(ShopConfig) as ShopConfig), plantReturnMs: RETURN_MS },
  );
}

function join(plantId: string, answers: Answers): Bidder {
  const call = async (method: string) => {
    asked.push(`${plantId} ${method}`);
    return answers[method]!();
  };
  const bidder = { plantId, hello: { plantId, version: '0', ad: {} }, call } as unknown as Bidder;
  membership.joined(bidder);
  return bidder;
}

/** A plant tells what it has: one VM of this request at most. */
const tellVm = (bidder: Bidder, vms: readonly object[]) =>
  membership.notified(bidder, 'vms', [
    {
      ...{ kind: 'whole', plantId: bidder.plantId, run: time.now(), serial: 0, page: 0, last: true },
      vms: vms as ToldVm[],
    },
  ]);
const told = { requestId: 'request-1', vmId: VM, state: 'configuring', memoryMiB: 256, diskMiB: 2_048 };

describe('a request whose plant has left amid its creation', () => {
  const again = () => shop.create({ ...work, requestId: 'request-1' }).settled;

  test('is not awarded to another while its plant is away: PLANT_LOST names the plant, and may be retried', async () => {
    const keeper = join('keeper', KEEPER);
    tellVm(keeper, [told]);
    membership.left(keeper, 'silent');
    join('other', KEEPER);
    await expect(time.until(again())).rejects.toMatchObject({
      ...{ code: 'PLANT_LOST', retryable: true, message: expect.stringContaining('keeper') },
      details: { plantId: 'keeper', requestId: 'request-1' },
    });
    expect(time.monotonic()).toBe(RETURN_MS);
    expect(asked).not.toContain('other create');
  });

  test('waits for its plant a while, and gets its VM there', async () => {
    const keeper = join('keeper', KEEPER);
    tellVm(keeper, [told]);
    membership.left(keeper, 'silent');
    join('other', { ...empty('other'), estimate: declines('other') });
    const reply = again();
    await settle();
    join('keeper', KEEPER);
    await expect(reply).resolves.toMatchObject({ vm: { VmId: VM } });
  });

  test('is not awarded to another when its plant is here and does not answer', async () => {
    tellVm(join('keeper', { ...KEEPER, estimate: unknown }), [told]);
    join('other', { ...KEEPER, estimate: bids('other') });
    await expect(again()).rejects.toMatchObject({ code: 'PLANT_LOST', details: { plantId: 'keeper' } });
  });

  test('is made anew when its plant is back and has nothing of it', async () => {
    const keeper = join('keeper', KEEPER);
    tellVm(keeper, [told]);
    membership.left(keeper, 'silent');
    time.pass(1);
    tellVm(join('keeper', { ...empty('keeper') }), []);
    join('other', { ...empty('other'), estimate: bids('other'), create: () => ({ VmId: VM.replace(/1$/, '2') }) });
    await again();
    expect(asked).toContain('other create');
  });
});

test('two VMs of one request are shown as split, each with the other', async () => {
  const [one, two] = [VM, VM.replace(/1$/, '2')];
  for (const [plantId, vmId] of [
    ['keeper', one],
    ['other', two],
  ] as const) {
    const ad = () => ({ VmId: vmId, RequestId: 'request-1', State: 'running' });
    tellVm(join(plantId, { ...empty(plantId), list: () => [ad()], query: ad }), [{ ...told, vmId }]);
  }
  expect((await shop.list({})).vms.map(({ VmId, SplitWith }) => [VmId, SplitWith])).toEqual([
    [one, [two]],
    [two, [one]],
  ]);
  expect((await shop.query({ vmId: two })).vm.SplitWith).toEqual([one]);
});

/** Resolves when nothing goes on but waits for time or for a plant. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

const ABOUT_ONE_VM: Readonly<Record<string, () => Promise<unknown>>> = {
  query: () => shop.query({ vmId: VM }),
  destroy: () => shop.destroy({ vmId: VM }).settled,
  configure: () => shop.configure({ vmId: VM, dag: { actions: [] } }).settled,
  suspend: () => shop.suspend({ vmId: VM }).settled,
  resume: () => shop.resume({ vmId: VM }).settled,
  start: () => shop.start({ vmId: VM }).settled,
  renew: () => shop.renew({ vmId: VM, lease: 'PT1H' }).settled,
};
const ABOUT_AN_IMAGE: Readonly<Record<string, () => Promise<unknown>>> = {
  show: () => shop.images.find('octave'),
  'show by tag': () => shop.images.find('stable'),
  diff: () => shop.images.diff('octave', 'stable'),
  label: () => shop.images.label('octave', { pinned: true }),
  remove: () => shop.images.remove('octave'),
  verify: () => shop.imageWork.verify({ imageIds: ['octave'] }).settled,
};
const ABOUT_ONE_PLANT: Readonly<Record<string, () => Promise<unknown>>> = {
  build: () => shop.imageWork.build({ ...work, plantId: 'keeper' }).settled,
  suggestions: () => shop.images.suggestions({ plantId: 'keeper' }),
  'recorded requests': () => shop.recordedRequests('keeper', 'pseudonymKey'),
};
const ABOUT_ONE_THING = { ...ABOUT_ONE_VM, ...ABOUT_AN_IMAGE, ...ABOUT_ONE_PLANT };

describe.each(Object.keys(ABOUT_ONE_THING))('%s of what the absent plant has', (name) => {
  const ask = ABOUT_ONE_THING[name]!;

  test.each([
    ['alone', false],
    ['beside one that has nothing', true],
  ])('waits for the plant, %s', async (_, isAnyoneHere) => {
    if (isAnyoneHere) join('other', empty('other'));
    const answer = ask();
    await settle();
    join('keeper', KEEPER);
    await answer;
    expect(time.monotonic()).toBe(0);
    expect(asked.some((call) => call.startsWith('keeper'))).toBe(true);
  });

  test('is to be asked again, and says who is missing, when the plant stays away', async () => {
    join('other', empty('other'));
    await expect(time.until(ask())).rejects.toMatchObject({
      ...{ code: 'PLANT_LOST', retryable: true, message: expect.stringContaining('keeper') },
    });
    expect(time.monotonic()).toBeLessThanOrEqual(RETURN_MS);
  });
});

test.each(Object.keys(ABOUT_ONE_VM))('%s of a VM whose plant was here and left waits for it', async (name) => {
  const keeper = join('keeper', KEEPER);
  await shop.query({ vmId: VM });
  membership.left(keeper, 'killed');
  const answer = ABOUT_ONE_VM[name]!();
  await settle();
  join('keeper', KEEPER);
  await answer;
});

const LISTS: Readonly<Record<string, () => Promise<unknown>>> = {
  VMs: () => shop.list({}),
  images: () => shop.images.list(),
  suggestions: () => shop.images.suggestions({}),
  explanations: () => shop.explain(work, 1),
  plants: () => shop.plants(),
};

describe.each(Object.keys(LISTS))('a list of %s', (name) => {
  const list = LISTS[name]!;

  test('names the plant that is absent, and waits for nobody', async () => {
    join('other', empty('other'));
    expect(await list()).toMatchObject({ silentPlants: ['keeper'] });
  });

  test('names it while it may come back and long after, until it is forgotten', async () => {
    time.pass(FORGET_MS - 1);
    expect(await list()).toMatchObject({ silentPlants: ['keeper'] });
    time.pass(1);
    expect(await list()).toMatchObject({ silentPlants: [] });
  });

  test('names one that was here and left, and no more once it is back', async () => {
    const gone = join('keeper', { ...KEEPER, ...empty('keeper') });
    expect(await list()).toMatchObject({ silentPlants: [] });
    membership.left(gone, 'killed');
    expect(await list()).toMatchObject({ silentPlants: ['keeper'] });
    join('keeper', empty('keeper'));
    expect(await list()).toMatchObject({ silentPlants: [] });
  });
});

test('work on all images waits for the plants that may come back, and names those that do not', async () => {
  join('other', empty('other'));
  const collected = shop.imageWork.collect({}).settled;
  await settle();
  const keeper = join('keeper', KEEPER);
  expect(await collected).toMatchObject({ warehouses: [{ plantId: 'keeper' }], silentPlants: [] });
  membership.left(keeper, 'killed');
  expect(await time.until(shop.imageWork.collect({}).settled)).toMatchObject({ silentPlants: ['keeper'] });
  expect(await time.until(shop.imageWork.verify({}).settled)).toMatchObject({ silentPlants: ['keeper'] });
  expect(time.monotonic()).toBe(RETURN_MS);
});

test('what nobody has is unknown only once nobody is missing', async () => {
  join('other', empty('other'));
  time.pass(RETURN_MS);
  const asks = [...Object.values(ABOUT_ONE_VM), ...Object.values(ABOUT_AN_IMAGE)];
  for (const ask of asks) await expect(ask()).rejects.toMatchObject({ code: 'PLANT_LOST' });
  time.pass(FORGET_MS);
  for (const ask of asks)
    await expect(ask()).rejects.toMatchObject({ code: expect.stringMatching(/^(VM|IMAGE)_UNKNOWN$/) });
});

const AUCTIONS: Readonly<Record<string, () => Promise<unknown>>> = {
  create: () => shop.create({ ...work }).settled,
  estimate: () => shop.estimate({ ...work }),
  build: () => shop.imageWork.build({ ...work }).settled,
};

describe.each(Object.keys(AUCTIONS))('%s while no plant is here', (name) => {
  const hold = AUCTIONS[name]!;

  test('waits for any of them to come back', async () => {
    const held = hold();
    await settle();
    join('keeper', KEEPER);
    await held;
    expect(time.monotonic()).toBe(0);
  });

  test('takes one that was never here', async () => {
    const held = hold();
    await settle();
    join('new', { ...KEEPER, estimate: bids('new') });
    await held;
    expect(asked).toContain('new estimate');
  });
});

test.each(['create', 'build'])('%s is to be asked again, and says who is missing, when nobody comes', async (name) => {
  const held = AUCTIONS[name]!();
  await settle();
  join('declines', empty('declines'));
  await expect(held).rejects.toMatchObject({
    ...{ code: 'NO_BIDS', retryable: true, details: { absent: ['keeper'] } },
    message: expect.stringContaining('keeper has not come back yet'),
  });
  time.pass(RETURN_MS);
  membership.left(membership.find('declines')!, 'killed');
  time.pass(RETURN_MS - 1);
  await expect(time.until(AUCTIONS[name]!())).rejects.toMatchObject({ code: 'NO_PLANTS', retryable: true });
});

test('an estimate names the plants that were not asked', async () => {
  const bidder = join('bidder', { estimate: bids('bidder') });
  expect(await shop.estimate({ ...work })).toMatchObject({ bids: [{ plantId: 'bidder' }], silentPlants: ['keeper'] });
  membership.left(bidder, 'killed');
  expect(await time.until(shop.estimate({ ...work }))).toMatchObject({ bids: [], silentPlants: ['keeper', 'bidder'] });
});

test('a shop that knows nobody says so for as long as plants may find it; then there is nothing', async () => {
  shop = newShop([]);
  const asks = [
    ...Object.values(ABOUT_ONE_VM),
    ...Object.values(ABOUT_AN_IMAGE),
    LISTS.VMs!,
    LISTS.images!,
    AUCTIONS.estimate!,
  ];
  for (const ask of asks) await expect(ask()).rejects.toMatchObject({ code: 'NO_PLANTS', retryable: true });
  time.pass(RETURN_MS);
  expect(await shop.list({})).toEqual({ vms: [], silentPlants: [] });
  await expect(shop.images.find('octave')).rejects.toMatchObject({ code: 'IMAGE_UNKNOWN' });
});

test('a shop that drains keeps nobody waiting for a plant', async () => {
  const waiting = [...Object.values(ABOUT_ONE_THING), AUCTIONS.create!].map((ask) =>
    expect(ask()).rejects.toMatchObject({ code: 'DRAINING' }),
  );
  await settle();
  await shop.operationService.drain(1);
  await Promise.all(waiting);
});
