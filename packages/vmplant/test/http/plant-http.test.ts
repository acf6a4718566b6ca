/** The plant's own endpoint over a real warehouse, asked as a shop is. */
import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Authenticator } from '@vmgrid/access';
import { createLog } from '@vmgrid/daemon';
import {
  type Bidder,
  GridError,
  type PlantHandlers,
  type ProgressEvent,
  requestCancelled,
  ShopClient,
  serveLink,
  TRUST_ALL,
  Upstreams,
  type VerifyImagesReply,
} from '@vmgrid/protocol';
import { UNREAD_AUDIT } from '@vmgrid/test-support/grids/audit-sinks.ts';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { Warehouse } from '../../../warehouse/src/warehouse.ts';
import { baseDraft, promote, suspendedDraft } from '../../../warehouse/test/made-up-images.ts';
import { LearntDurations } from '../../src/creation/durations.ts';
import { openDatabase } from '../../src/database.ts';
import { openPlantHttp, type PlantHttp } from '../../src/http/plant-http.ts';
import { ImageService } from '../../src/images/image-service.ts';

const directory = useTemporaryFolder();
const MACHINE = { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 1024 } as const;
const log = createLog('test', 'silent');

const authenticator = {
  authenticate: () => ({ owner: 'ada', roles: ['operator'], credential: 'test' }),
} satisfies Authenticator;

let plantHttp: PlantHttp;
let upstreams: Upstreams;
let url: string;
let client: ShopClient;
let warehouse: Warehouse;
let building: PromiseWithResolvers<never>;
let cancelled: string[];

beforeEach(async () => {
  warehouse = await Warehouse.open(`${directory()}/warehouse`);
  await promote(warehouse, baseDraft('base'));
  await promote(warehouse, suspendedDraft('octave', 'base'));
  building = Promise.withResolvers();
  cancelled = [];
  const report = (event: ProgressEvent) => plantHttp.report(event);
  const durations = new LearntDurations(openDatabase(`${directory()}/plant.sqlite`));
  const identityCheck = { sharedBy: () => Promise.reject(new Error('no machine can be started here')) };
  const operationService = new ImageService({ warehouse, durations, report, identityCheck }, { plantId: 'plant-1' });
  const handlers: Partial<PlantHandlers> = {
    listImages: () => operationService.list(),
    labelImage: (request) => operationService.label(request),
    verifyImages: (request, signal) => operationService.verify(request, signal),
    collectImages: (request) => operationService.collect(request),
    removeImage: async ({ imageId }) => {
      await warehouse.remove(imageId);
      return {};
    },
    buildImage: () => building.promise,
    cancel: async (work) => {
      cancelled.push(`${work.method} ${work.requestId}`);
      building.reject(requestCancelled(work.requestId));
      return {};
    },
  };
  const hello = () => ({ plantId: 'plant-1', version: '1', ad: {} });
  const options = { plantId: 'plant-1', host: '127.0.0.1', requestsPerMinute: 1_000 };
  const own = { warehouse, restoreFault: () => undefined, report, changed: () => undefined };
  upstreams = new Upstreams();
  const lower = { handlers: handlers as PlantHandlers, hello, log };
  const acceptLinks = (server: Server) => upstreams.accept(server, { ...lower, trust: TRUST_ALL });
  plantHttp = await openPlantHttp({ ...own, ...lower, authenticator, audit: UNREAD_AUDIT, acceptLinks }, options, 0);
  url = `http://127.0.0.1:${plantHttp.httpPort}`;
  client = new ShopClient(url);
});
afterEach(async () => {
  await plantHttp.drain();
  await upstreams.close();
  await plantHttp.close();
});

test('images are listed, found by tag, compared and removed as at a shop', async () => {
  const { images, silentPlants } = await client.images();
  expect([images.map(({ imageId }) => imageId).sort(), silentPlants]).toEqual([['base', 'octave'], []]);
  expect(await client.labelImage('octave', { addTags: ['stable'] })).toMatchObject({ tags: ['stable'] });
  expect(await client.image('stable')).toMatchObject({ imageId: 'octave', plants: ['plant-1'] });
  expect(await client.diffImages('base', 'stable')).toMatchObject({ from: 'base', to: 'octave' });
  await expect(client.removeImage('base')).rejects.toMatchObject({ code: 'IMAGE_IN_USE' });
  await client.removeImage('stable');
  expect([...(await warehouse.inventory.images()).keys()]).toEqual(['base']);
});

test('a build is cancelled as at a shop', async () => {
  const build = { requestId: 'build-1', machine: MACHINE, dag: { actions: [] } };
  await client.submitBuildImage(build);
  expect(await client.cancel('build-1')).toMatchObject({ state: 'failed', error: { code: 'REQUEST_CANCELLED' } });
  expect(cancelled).toEqual(['buildImage build-1']);
  await expect(client.buildImage(build)).rejects.toMatchObject({ code: 'REQUEST_CANCELLED' });
});

test('checks are work with progress, followed as at a shop', async () => {
  const { requestId } = await client.submitVerifyImages({ imageIds: ['base'] });
  const events: ProgressEvent[] = [];
  for await (const event of client.events(requestId)) events.push(event);
  expect(events.map(({ phase, subject, state }) => `${phase} ${subject} ${state}`)).toContain(
    'verify base/disk.raw done',
  );
  const { result } = await client.operation(requestId);
  expect((result as VerifyImagesReply).images).toMatchObject([{ imageId: 'base', faults: [] }]);
});

test('room is made in its own warehouse', async () => {
  const { requestId } = await client.submitCollectImages({ dryRun: true, targetMiB: 0 });
  for await (const _ of client.events(requestId));
  expect((await client.operation(requestId)).result).toMatchObject({
    warehouses: [{ plantId: 'plant-1', warehouseId: warehouse.warehouseId, dryRun: true }],
  });
});

test('what is asked of another plant, and what a plant has no routes for, is refused', async () => {
  const request = { machine: MACHINE, dag: { actions: [] }, plantId: 'plant-2' };
  await expect(client.buildImage(request)).rejects.toMatchObject({ code: 'PLANT_LOST' });
  await expect(client.suggestImages({ plantId: 'plant-2' })).rejects.toMatchObject({ code: 'PLANT_LOST' });
  await expect(client.list()).rejects.toMatchObject({ code: 'ROUTE_UNKNOWN' });
});

test('who dials down gets the hello and answers, and hears of changes until the plant closes the link', async () => {
  const { promise: joined, resolve: join } = Promise.withResolvers<Bidder>();
  const { promise: notified, resolve: notify } = Promise.withResolvers<unknown>();
  const { promise: left, resolve: leave } = Promise.withResolvers<string>();
  const shop = serveLink(
    createServer(),
    {
      joined: join,
      left: (_, reason) => leave(reason),
      notified: (_, event, value) => notify([event, value]),
      heard: () => undefined,
    },
    { log, trust: TRUST_ALL },
  );
  shop.dial(url, () => 0);
  const bidder = await joined;
  expect(bidder.hello).toEqual({ plantId: 'plant-1', version: '1', ad: {} });
  expect(await bidder.call('listImages', {}, { deadlineMs: 10_000 })).toHaveLength(2);
  upstreams.notify('ad', { Cpus: 2 });
  expect(await notified).toEqual(['ad', { Cpus: 2 }]);
  await upstreams.close();
  expect(await left).toBe('the bidder is shutting down');
  shop.close();
});

test('its health says whose it is, and whether it takes work', async () => {
  const response = await fetch(`${url}/health/ready`);
  expect([response.status, await response.json()]).toEqual([200, { status: 'ready', plantId: 'plant-1' }]);
});

test('who still waits when the plant stops hears how its work ended', async () => {
  const request = { requestId: 'build-1', machine: MACHINE, dag: { actions: [] } };
  const built = client.buildImage(request);
  const ended = expect(built).rejects.toMatchObject({ code: 'DRAINING', message: 'the plant stops' });
  while ((await client.operation('build-1').catch(() => undefined)) === undefined) await new Promise(setImmediate);
  const drained = plantHttp.drain();
  building.reject(new GridError('DRAINING', 'the plant stops'));
  await Promise.all([ended, drained]);
});
