/** The shop with plants that answer as the test says. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { systemClock } from '@vmgrid/daemon';
import { Operations } from '@vmgrid/http-api';
import { Absences, Membership, PlantFailureHistory, VmBook } from '@vmgrid/market';
import { type Bidder, type CreateRequest, type ErrorCode, GridError, type VmReply } from '@vmgrid/protocol';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { Value } from 'typebox/value';
import { AuctionHistory } from '../src/auctions/auction-history.ts';
import { ShopConfig } from '../src/config.ts';
import { FileStore } from '../src/files/file-store.ts';
import { PlantFeed } from '../src/plants/plant-feed.ts';
import { Shop } from '../src/shop.ts';
import { VmEvents } from '../src/vms/vm-events.ts';

type Answers = Readonly<Record<string, (request: never) => unknown>>;

const VM = 'vm-00000000-0000-4000-8000-000000000001';
const request = (): CreateRequest => ({
  requestId: 'request-1',
  machine: { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2048 },
  dag: { actions: [] },
});
const fails = (code: ErrorCode) => () => {
  throw new GridError(code, 'what happened');
};
const bidOf = (plantId: string, cost: number) => () => ({
  kind: 'bid',
  plantId,
  cost,
  validUntil: new Date(Date.now() + 60_000).toISOString(),
  plan: { imageId: 'base', line: 'qemu', start: 'restore', actionsCached: 0, actionsLeft: 0, expectedSeconds: 1 },
  ad: {},
});

const folder = useTemporaryFolder();
let membership: Membership;
let files: FileStore;
let shop: Shop;
let asked: string[];
let startupGracePeriod: Promise<void>;

beforeEach(() => {
  asked = [];
  startupGracePeriod = Promise.resolve();
  const book = new VmBook({ clock: systemClock, keepsAbsent: true });
  membership = new Membership({
    clock: systemClock,
    onProgress: () => undefined,
    onVms: (link, event) => book.apply(link, event),
    onChange: (change) => book.note(change),
  });
  const market = { clock: systemClock, memory: new PlantFailureHistory(systemClock), newAuctionId: () => 'auction-1' };
  const auctions = new AuctionHistory({ file: ':memory:', kept: 10, keptBytes: 1_000_000 });
  files = new FileStore({
    ...{ directory: folder(), clock: systemClock, fileMiB: 1, filesMiB: 1, keptMs: 60_000 },
    ownerMiB: () => undefined,
  });
  shop = new Shop(
    {
      membership,
      absences: new Absences({ clock: systemClock, returnMs: 0, forgetMs: 0 }),
      operations: new Operations({ kept: 10 }),
      market,
      auctions,
      files,
      feed: new PlantFeed(systemClock),
      vmEvents: new VmEvents(),
      book,
      startupGracePeriod: {
        get over() {
          return startupGracePeriod;
        },
      },
    },
    {
      ...(Value.Create(ShopConfig) as ShopConfig),
      bidWindowMs: 60_000,
      plantReturnMs: 10,
    },
  );
});
afterEach(() => files.close());

function join(plantId: string, answers: Answers): Bidder {
  const bidder = {
    plantId,
    hello: { plantId, version: '0', ad: {} },
    call: (method: string, params: never, { signal }: { signal?: AbortSignal }) =>
      new Promise((resolve, reject) => {
        asked.push(`${plantId} ${method}`);
        signal?.addEventListener('abort', () => reject(signal.reason));
        Promise.resolve()
          .then(() => answers[method]!(params))
          .then(resolve, reject);
      }),
  } as unknown as Bidder;
  membership.joined(bidder);
  return bidder;
}

describe('a VM of which the shop remembers nothing', () => {
  test('is unknown once every plant has said so', async () => {
    join('a', { query: fails('VM_UNKNOWN') });
    join('b', { query: fails('VM_UNKNOWN') });
    await expect(shop.query({ vmId: VM })).rejects.toMatchObject({ code: 'VM_UNKNOWN' });
  });

  test.each(['DEADLINE_EXCEEDED', 'PLANT_LOST'] as const)('may be where the answer is %s', async (code) => {
    join('a', { query: fails('VM_UNKNOWN') });
    join('b', { query: fails(code) });
    await expect(shop.query({ vmId: VM })).rejects.toMatchObject({
      code: 'PLANT_LOST',
      retryable: true,
      details: { vmId: VM, plants: 2, unknown: 1, silent: 1 },
    });
  });

  test('may be anywhere while no plant is connected', async () => {
    await expect(shop.query({ vmId: VM })).rejects.toMatchObject({
      code: 'PLANT_LOST',
      details: { vmId: VM, plants: 0, unknown: 0, silent: 0 },
    });
  });
});

test('a request that may be a repeated one waits for the plants that were there before the shop; one that cannot be does not', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  startupGracePeriod = promise;
  join('a', { estimate: fails('PLANT_LOST') });
  const { requestId: _, ...unnamed } = request();
  await expect(shop.create(unnamed).settled).rejects.toMatchObject({ code: 'NO_BIDS' });
  expect(asked).toEqual(['a estimate']);
  const repeated = shop.create(request()).settled;
  await systemClock.sleep(20);
  expect(asked).toEqual(['a estimate']);
  join('holder', { estimate: fails('PLANT_LOST') });
  resolve();
  await expect(repeated).rejects.toMatchObject({ code: 'NO_BIDS' });
  expect(asked).toEqual(['a estimate', 'a estimate', 'holder estimate']);
});

test('a create that no plant holds any more at its award needs its files', async () => {
  const told = { requestId: 'request-1', state: 'configuring', memoryMiB: 256, diskMiB: 2048 };
  const tells = (serial: number, vms: readonly object[]) =>
    membership.notified(bidder, 'vms', [
      { kind: 'whole', plantId: 'a', run: 1, serial, page: 0, last: true, vms } as never,
    ]);
  const estimate = () => {
    tells(1, []);
    return bidOf('a', 1)();
  };
  const bidder = join('a', { estimate, create: () => ({ VmId: VM }) });
  tells(0, [told]);
  const file = { id: 'f', kind: 'file', path: '/f', contentDigest: `sha256:${'a'.repeat(64)}` } as const;
  const creation = shop.create({ ...request(), dag: { actions: [file] } });
  await expect(creation.settled).rejects.toMatchObject({ code: 'FILE_UNKNOWN' });
  expect(asked).toEqual(['a estimate']);
});

describe('a request that names an uploaded file', () => {
  const caller = { owner: 'ada', sees: 'own' } as const;
  const putFile = ({ offset, data }: { offset: number; data: string }) => ({
    bytes: offset + Buffer.from(data, 'base64').length,
  });
  let naming: Pick<CreateRequest, 'dag'>;

  beforeEach(async () => {
    async function* body() {
      yield Buffer.from('content');
    }
    const { file } = await files.put({ owner: 'ada', body: body() });
    const { contentDigest } = file;
    naming = { dag: { actions: [{ id: 'f', kind: 'file', path: '/f', contentDigest }] } };
  });
  const create = () => shop.create({ ...request(), ...naming, caller }).settled;

  test.each([
    ['FILE_CORRUPT', fails('FILE_CORRUPT')],
    ['LINK_PROTOCOL', () => ({ bytes: 0 })],
    ['INTERNAL', fails('INTERNAL')],
  ] as const)('is made by the next bidder when a plant takes in no file: %s', async (code, putFileAtA) => {
    join('a', { estimate: bidOf('a', 1), putFile: putFileAtA });
    join('b', { estimate: bidOf('b', 2), putFile, create: () => ({ VmId: VM }) });
    const { trail } = (await create()) as VmReply;
    expect(trail!.awards).toMatchObject([
      { plantId: 'a', outcome: 'refused', code },
      { plantId: 'b', outcome: 'accepted' },
    ]);
    expect(asked).not.toContain('a create');
  });

  test('and is about a VM of that plant fails with what the plant said', async () => {
    join('a', { query: () => ({ VmId: VM }), putFile: fails('FILE_CORRUPT') });
    const configuring = shop.configure({ vmId: VM, ...naming, caller });
    await expect(configuring.settled).rejects.toMatchObject({ code: 'FILE_CORRUPT', message: 'what happened' });
  });

  test('brings it once more when the plant has let go of it before the create', async () => {
    let creates = 0;
    const made = () => {
      creates += 1;
      return creates === 1 ? fails('FILE_UNKNOWN')() : { VmId: VM };
    };
    join('a', { estimate: bidOf('a', 1), putFile, create: made });
    expect(await create()).toMatchObject({ vm: { VmId: VM } });
    const bringing = ['a putFile', 'a putFile'];
    expect(asked).toEqual(['a estimate', ...bringing, 'a create', ...bringing, 'a create']);
  });

  test('gives up when the plant lets go of it again', async () => {
    join('a', { estimate: bidOf('a', 1), putFile, create: fails('FILE_UNKNOWN') });
    await expect(create()).rejects.toMatchObject({ code: 'FILE_UNKNOWN' });
    expect(asked.filter((one) => one === 'a create')).toHaveLength(2);
  });

  test('goes to no other plant when it cannot be brought once more: the first was asked by then', async () => {
    let pieces = 0;
    const first = (piece: { offset: number; data: string }) => {
      pieces += 1;
      return pieces > 2 ? fails('FILE_CORRUPT')() : putFile(piece);
    };
    join('a', { estimate: bidOf('a', 1), putFile: first, create: fails('FILE_UNKNOWN') });
    join('b', { estimate: bidOf('b', 2), putFile, create: () => ({ VmId: VM }) });
    await expect(create()).rejects.toMatchObject({ code: 'FILE_UNKNOWN' });
    expect(asked).not.toContain('b create');
  });

  test('is not made again where its failed machine is kept', async () => {
    const kept = () => {
      throw new GridError('FILE_UNKNOWN', 'what happened', { keptVmId: VM });
    };
    join('a', { estimate: bidOf('a', 1), putFile, create: kept });
    await expect(create()).rejects.toMatchObject({ code: 'FILE_UNKNOWN', details: { keptVmId: VM } });
    expect(asked.filter((one) => one === 'a create')).toHaveLength(1);
  });
});

test('a plant that does not know its VM any more is forgotten, and the others are asked', async () => {
  let known = true;
  const query = () => (known ? { VmId: VM } : fails('VM_UNKNOWN')());
  join('a', { query });
  await shop.query({ vmId: VM });
  known = false;
  join('b', { query: () => ({ VmId: VM, State: 'running' }), destroy: () => ({ VmId: VM, State: 'destroyed' }) });
  expect((await shop.query({ vmId: VM })).vm).toEqual({ VmId: VM, State: 'running' });
  asked.length = 0;
  await shop.destroy({ vmId: VM }).settled;
  expect(asked).toEqual(['b destroy']);
});

describe('a create that is repeated after the VM is made', () => {
  const create = async () => ((await shop.create(request()).settled) as VmReply).vm;
  const made = { VmId: VM, State: 'running', ActionsRun: 0 };
  const joinMaker = (query: () => unknown) => join('a', { estimate: bidOf('a', 1), create: () => made, query });

  test('tells the VM as it is now', async () => {
    joinMaker(() => ({ ...made, ActionsRun: 1 }));
    expect(await create()).toEqual(made);
    expect(await create()).toEqual({ ...made, ActionsRun: 1 });
    expect(asked).toEqual(['a estimate', 'a create', 'a query']);
  });

  test.each([
    ['has forgotten it', fails('VM_UNKNOWN')],
    ['knows its end', () => ({ ...made, State: 'destroyed' })],
  ])('is spent when its VM is destroyed, and the plant %s', async (_, query) => {
    joinMaker(query);
    await create();
    const again = shop.create(request());
    await expect(again.settled).rejects.toMatchObject({ code: 'REQUEST_SPENT', details: { vmId: VM } });
    expect(again.toReply()).toMatchObject({ state: 'failed', error: { code: 'REQUEST_SPENT' } });
  });

  test('tells what it did then while the plant is away or does not answer', async () => {
    const maker = joinMaker(fails('DEADLINE_EXCEEDED'));
    await create();
    expect(await create()).toEqual(made);
    membership.left(maker, 'gone');
    expect(await create()).toEqual(made);
  });
});

test('every auction is kept with its awards, and a failed one tells what would have helped', async () => {
  const small = { wanted: 256, available: 192, lacking: 64 };
  const full = () => ({
    kind: 'decline',
    plantId: 'full',
    code: 'MEMORY_INSUFFICIENT',
    message: 'lacks 64',
    details: small,
  });
  join('full', { estimate: full });
  await expect(shop.create(request()).settled).rejects.toMatchObject({
    code: 'NO_BIDS',
    message: expect.stringMatching(/1 plant lacks 64 MiB of memory; smallest change: memoryMiB ≤ 192 \(full\)$/),
  });
  expect(shop.auctions.get({ auctionId: 'auction-1' })).toMatchObject({ requestId: 'request-1', awards: [] });
  join('a', { estimate: bidOf('a', 1), create: () => ({ VmId: VM }) });
  const { trail } = (await shop.create(request()).settled) as VmReply;
  expect(shop.auctions.get({ auctionId: 'auction-1' })).toEqual(trail);
  expect(shop.auctions.list({ limit: 10 }).auctions).toMatchObject([{ auctionId: 'auction-1', winner: 'a' }]);
});

describe('a plant that says it made', () => {
  const create = () => shop.create(request()).settled;

  test.each([[undefined], ['vm-1'], [7]])('a VM of the id %p breaks the protocol', async (VmId) => {
    join('a', { estimate: bidOf('a', 1), create: () => ({ VmId }) });
    await expect(create()).rejects.toMatchObject({ code: 'LINK_PROTOCOL' });
  });

  test("another plant's VM breaks the protocol, and the VM stays where it was", async () => {
    join('a', { query: () => ({ VmId: VM }), estimate: bidOf('a', 2) });
    await shop.query({ vmId: VM });
    join('b', { estimate: bidOf('b', 1), create: () => ({ VmId: VM }) });
    await expect(create()).rejects.toMatchObject({ code: 'LINK_PROTOCOL' });
    asked.length = 0;
    await shop.query({ vmId: VM });
    expect(asked).toEqual(['a query']);
  });
});

describe('a shop that drains', () => {
  const forever = () => new Promise(() => {});

  test('tells those who still wait, each with the id to come back with; the plant goes on', async () => {
    join('a', { estimate: bidOf('a', 1), create: forever });
    const creation = shop.create(request());
    while (!asked.includes('a create')) await new Promise(setImmediate);
    await shop.operationService.drain(1);
    const error = { code: 'DRAINING', retryable: true, details: { requestId: 'request-1' } };
    await expect(creation.settled).rejects.toMatchObject(error);
    expect(creation.toReply()).toMatchObject({ state: 'failed', error });
  });

  test('ends auctions and questions, and awards nothing any more', async () => {
    join('a', { estimate: forever, query: forever, listImages: forever, list: forever });
    const ends = (work: Promise<unknown>, details = {}) =>
      expect(work).rejects.toMatchObject({ code: 'DRAINING', message: 'the shop is shutting down', details });
    const ended = [
      ends(shop.create(request()).settled, { requestId: 'request-1' }),
      ends(shop.estimate({ ...request(), requestId: 'request-2' }), { requestId: 'request-2' }),
      ends(shop.imageWork.verify({ requestId: 'request-3' }).settled, { requestId: 'request-3' }),
      ...[shop.query({ vmId: VM }), shop.list({}), shop.images.list(), shop.images.find('base')].map((one) =>
        ends(one),
      ),
    ];
    await new Promise(setImmediate);
    await shop.operationService.drain(1);
    await Promise.all(ended);
    expect(asked).not.toContain('a create');
  });

  test('waits for no longer than the work takes', async () => {
    join('a', { estimate: bidOf('a', 1), create: () => ({ VmId: VM }) });
    const creation = shop.create(request());
    await shop.operationService.drain(60_000);
    expect(creation.state).toBe('done');
  });
});
