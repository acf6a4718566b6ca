/** Creates that are cancelled, in each phase, with plants that answer as the test says. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { Operations } from '@vmgrid/http-api';
import { type Absence, Absences, Membership, PlantFailureHistory, VmBook } from '@vmgrid/market';
import { type Bidder, type Caller, type CreateRequest, GridError, type ToldVm } from '@vmgrid/protocol';
import { Value } from 'typebox/value';
import { VirtualTime } from '../../../market/test/virtual-time.ts';
import { AuctionHistory } from '../../src/auctions/auction-history.ts';
import { ShopConfig } from '../../src/config.ts';
import { PlantFeed } from '../../src/plants/plant-feed.ts';
import { CancelledCreates } from '../../src/requests/cancelled-creates.ts';
import { Shop } from '../../src/shop.ts';
import { VmEvents } from '../../src/vms/vm-events.ts';

type Answers = Readonly<Record<string, (request: never) => unknown>>;

const VM = 'vm-00000000-0000-4000-8000-000000000001';
const caller: Caller = { owner: 'ada', sees: 'own' };
const key = { requestId: 'request-1', owner: 'ada' };
const named = { requestId: 'request-1', caller };
const machine = { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2048 } as const;
const request = (): CreateRequest & { readonly caller: Caller } => ({ ...named, machine, dag: { actions: [] } });
const CANCELLED = { code: 'REQUEST_CANCELLED', details: { requestId: 'request-1' } };
const forever = () => new Promise<never>(() => {});
const told = (state: string, vmId?: string): ToldVm => ({
  ...{ ...key, state, memoryMiB: 256, diskMiB: 2048 },
  ...(vmId !== undefined && { vmId }),
});

let time: VirtualTime;
let membership: Membership;
let cancelled: CancelledCreates;
let book: VmBook;
let shop: Shop;
let asked: string[];

/** `before`: plants that are known, and not here. */
function open(before: readonly Absence[] = []): void {
  asked = [];
  time = new VirtualTime();
  book = new VmBook({
    ...{ clock: time, keepsAbsent: true },
    entered: (plantId, _key, vm) => vm && shop.canceller.entered(plantId, vm),
  });
  const absences = new Absences({ clock: time, returnMs: 20_000, forgetMs: 3_600_000, before });
  membership = new Membership({
    ...{ clock: time, onProgress: () => undefined },
    onVms: (link, event) => book.apply(link, event),
    onChange: (change) => {
      book.note(change);
      absences.note(change);
    },
  });
  const market = { clock: time, memory: new PlantFailureHistory(time), newAuctionId: () => 'auction-1' };
  const auctions = new AuctionHistory({ file: ':memory:', kept: 10, keptBytes: 1_000_000 });
  const quotas = { owners: { ada: { vms: 1 } } };
  shop = new Shop(
    {
      ...{ membership, absences, market, auctions, book, cancelled },
      ...{ operations: new Operations({ kept: 10 }), feed: new PlantFeed(time), vmEvents: new VmEvents() },
    },
    { ...(Value.Create(ShopConfig) as ShopConfig), bidWindowMs: 60_000, plantReturnMs: 20_000, quotas },
  );
}

beforeEach(() => {
  cancelled = new CancelledCreates(':memory:');
  open();
});

function join(plantId: string, answers: Answers): Bidder {
  const bidder = {
    ...{ plantId, hello: { plantId, version: '0', ad: {} } },
    call: (method: string, params: never, { signal }: { signal?: AbortSignal }) =>
      new Promise((resolve, reject) => {
        asked.push(`${plantId} ${method}`);
        signal?.addEventListener('abort', () => reject(signal.reason));
        Promise.resolve(params).then(answers[method]!).then(resolve, reject);
      }),
  } as unknown as Bidder;
  membership.joined(bidder);
  tell(bidder, []);
  return bidder;
}

/** The plant tells all that it has. */
function tell(link: Bidder, vms: ToldVm[], serial = 0): void {
  const page = { kind: 'whole', plantId: link.plantId, run: 1, serial, page: 0, last: true, vms } as const;
  membership.notified(link, 'vms', [page]);
}

const bids = (plantId: string) => () => ({
  ...{ kind: 'bid', plantId, cost: 1, validUntil: new Date(time.now() + 60_000).toISOString(), ad: {} },
  plan: { imageId: 'base', line: 'qemu', start: 'restore', actionsCached: 0, actionsLeft: 0, expectedSeconds: 1 },
});
/** A plant whose creation goes on until it is cancelled. */
function working(plantId: string, undone: Promise<void> = Promise.resolve()): Answers {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => undefined);
  return {
    estimate: bids(plantId),
    create: () => promise,
    cancel: async () => {
      await undone;
      reject(new GridError('REQUEST_CANCELLED', 'the request request-1 was cancelled', { requestId: 'request-1' }));
      return {};
    },
  };
}
const until = async (call: string) => {
  while (!asked.includes(call)) await new Promise(setImmediate);
};
const isCancelled = async () => {
  expect(await shop.canceller.cancel(named)).toMatchObject({ state: 'failed', error: CANCELLED });
  await expect((async () => shop.create(request()).settled)()).rejects.toMatchObject(CANCELLED);
};

describe('a create is cancelled', () => {
  test('while its auction goes on: no plant is awarded it', async () => {
    join('a', { estimate: forever });
    const creation = shop.create(request());
    await until('a estimate');
    await isCancelled();
    await expect(creation.settled).rejects.toMatchObject(CANCELLED);
    expect(asked).toEqual(['a estimate']);
  });

  test('while it waits for any plant to come', async () => {
    open([{ plantId: 'a', absentMs: 0 }]);
    const creation = shop.create(request());
    await new Promise(setImmediate);
    await isCancelled();
    await expect(creation.settled).rejects.toMatchObject(CANCELLED);
  });

  test('while a plant works on it: it ends when the plant has undone it, and the quota is free', async () => {
    const { promise: undone, resolve } = Promise.withResolvers<void>();
    const plant = join('a', working('a', undone));
    const creation = shop.create(request());
    await until('a create');
    tell(plant, [told('cloning', VM)], 1);
    const cancelling = shop.canceller.cancel(named);
    await until('a cancel');
    expect(creation.state).toBe('running');
    tell(plant, [], 2);
    resolve();
    expect(await cancelling).toMatchObject({ state: 'failed', error: CANCELLED });
    expect([book.usageOf('ada').vms, book.madeOf(key)]).toEqual([0, []]);
    const other = shop.create({ ...request(), requestId: 'request-2' });
    other.settled.catch(() => undefined);
    await until('a estimate');
    expect(other.state).toBe('running');
    await isCancelled();
  });

  test('while the plant is away: at once, and the plant undoes it as soon as it is back', async () => {
    const { promise, reject } = Promise.withResolvers<never>();
    const plant = join('a', { estimate: bids('a'), create: () => promise });
    const creation = shop.create(request());
    await until('a create');
    tell(plant, [told('configuring', VM)], 1);
    membership.left(plant, 'its host is gone');
    reject(new GridError('PLANT_LOST', 'its host is gone'));
    await new Promise(setImmediate);
    await isCancelled();
    await expect(creation.settled).rejects.toMatchObject(CANCELLED);
    expect(book.usageOf('ada').vms).toBe(1); // it may have made the VM by now
    asked.length = 0;
    const back = join('a', working('a'));
    tell(back, [told('running', VM)], 2);
    await until('a cancel');
  });

  test('though the plant has just made the VM: it goes again, and nobody is told of it', async () => {
    const { promise, resolve } = Promise.withResolvers<object>();
    const { promise: collected, resolve: collect } = Promise.withResolvers<object>();
    join('a', { estimate: bids('a'), create: () => promise, cancel: () => collected });
    const creation = shop.create(request());
    await until('a create');
    const cancelling = shop.canceller.cancel(named);
    resolve({ VmId: VM });
    await until('a cancel');
    expect(creation.state).toBe('running');
    collect({});
    expect(await cancelling).toMatchObject({ state: 'failed', error: CANCELLED });
  });

  test.each(Array.from({ length: 40 }, (_, ticks) => ticks))(
    'though it is as good as done, %i ticks after the answer: it is undone, or it was done',
    async (ticks) => {
      const { promise, resolve } = Promise.withResolvers<object>();
      const plant = join('a', { estimate: bids('a'), create: () => promise, cancel: async () => ({}), query: forever });
      const creation = shop.create(request());
      await until('a create');
      tell(plant, [told('running', VM)], 1);
      resolve({ VmId: VM });
      for (let tick = 0; tick < ticks; tick += 1) await undefined;
      const { state } = await shop.canceller.cancel(named);
      await new Promise(setImmediate);
      const isTold = asked.includes('a cancel');
      const isRemembered = cancelled.has(key);
      expect({ state, isTold, isRemembered, of: creation.state }).toEqual(
        state === 'done'
          ? { state, isTold: false, isRemembered: false, of: 'done' }
          : { state: 'failed', isTold: true, isRemembered: true, of: 'failed' },
      );
    },
  );

  test('and no other plant is awarded it when the first refuses meanwhile', async () => {
    const { promise, reject } = Promise.withResolvers<never>();
    join('a', { estimate: bids('a'), create: () => promise, cancel: async () => ({}) });
    join('b', { estimate: bids('b'), create: () => promise, cancel: async () => ({}) });
    shop.create(request()).settled.catch(() => undefined);
    while (!asked.some((call) => call.endsWith('create'))) await new Promise(setImmediate);
    const cancelling = shop.canceller.cancel(named);
    reject(new GridError('MEMORY_INSUFFICIENT', 'no room'));
    await cancelling;
    expect(asked.filter((call) => call.endsWith('create'))).toHaveLength(1);
  });
});

describe('after a restart of the shop', () => {
  test('a create that was cancelled before is refused, and undone where a plant tells of it', async () => {
    cancelled.add(key);
    await isCancelled();
    const plant = join('a', working('a'));
    tell(plant, [told('running', VM)], 1);
    await until('a cancel');
    expect(asked).toEqual(['a cancel']);
  });

  test.each([
    ['the owner', caller],
    ['an operator', { owner: 'root', sees: 'all' } as const],
  ])('a create that goes on is cancelled by %s where it is made', async (_, by) => {
    const plant = join('a', working('a'));
    tell(plant, [told('configuring', VM)], 1);
    const reply = await shop.canceller.cancel({ requestId: 'request-1', caller: by });
    expect(reply).toMatchObject({ state: 'failed', error: CANCELLED });
    expect(asked).toEqual(['a cancel']);
    await isCancelled();
  });

  test('an operator cancels none of two owners who use one id', async () => {
    const plant = join('a', working('a'));
    tell(plant, [told('configuring', VM), { ...told('cloning'), owner: 'bob' }], 1);
    const cancelling = shop.canceller.cancel({ requestId: 'request-1', caller: { owner: 'root', sees: 'all' } });
    const details = { requestId: 'request-1', owners: ['ada', 'bob'] };
    await expect(cancelling).rejects.toMatchObject({ code: 'REQUEST_AMBIGUOUS', details });
    expect(asked).toEqual([]);
  });

  test('a VM that was made stays, and is told', async () => {
    const plant = join('a', { query: () => ({ VmId: VM, State: 'running' }) });
    tell(plant, [told('running', VM)], 1);
    const reply = await shop.canceller.cancel(named);
    expect(reply).toMatchObject({ verb: 'create', state: 'done', result: { vm: { VmId: VM, State: 'running' } } });
    expect(asked).toEqual(['a query']);
  });

  test.each([
    ['nobody knows', 'request-9', caller],
    ["is another's", 'request-1', { owner: 'bob', sees: 'own' } as const],
  ])('a request that %s is unknown', async (_, requestId, by) => {
    const plant = join('a', working('a'));
    tell(plant, [told('configuring', VM)], 1);
    const cancelling = shop.canceller.cancel({ requestId, caller: by });
    await expect(cancelling).rejects.toMatchObject({ code: 'REQUEST_UNKNOWN' });
    expect(asked).toEqual([]);
  });
});

test('the build of an image is cancelled at its plant', async () => {
  const { promise, reject } = Promise.withResolvers<never>();
  const cancel = async (work: { readonly method: string }) => {
    reject(new GridError('REQUEST_CANCELLED', `the ${work.method} was cancelled`));
    return {};
  };
  join('a', { estimate: bids('a'), buildImage: () => promise, cancel });
  const build = shop.imageWork.build({ ...named, machine, dag: { actions: [] } });
  await until('a buildImage');
  expect(await shop.canceller.cancel(named)).toMatchObject({ state: 'failed', error: { code: 'REQUEST_CANCELLED' } });
  await expect(build.settled).rejects.toMatchObject({ code: 'REQUEST_CANCELLED' });
  expect(asked).toEqual(['a estimate', 'a buildImage', 'a cancel']);
});
