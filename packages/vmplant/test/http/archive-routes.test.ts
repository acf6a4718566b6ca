/** Archives over a plant's endpoint: from one warehouse into another, and what breaks off on the way. */

import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import type { Authenticator } from '@vmgrid/access';
import { createLog } from '@vmgrid/daemon';
import { createHttpApp, listen, OperationService, Operations, operationRoutes } from '@vmgrid/http-api';
import { ArchiveClient, type OperationReply, type ProgressEvent, ShopClient } from '@vmgrid/protocol';
import { UNREAD_AUDIT } from '@vmgrid/test-support/grids/audit-sinks.ts';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { NO_DEADLINE } from '@vmgrid/test-support/jest/no-deadline.ts';
import { verifyImages } from '../../../warehouse/src/care/verify.ts';
import { Warehouse } from '../../../warehouse/src/warehouse.ts';
import { baseDraft, promoteReal, suspendedDraft } from '../../../warehouse/test/made-up-images.ts';
import { archiveRoutes, type TransferLimits } from '../../src/http/archive-routes.ts';

jest.setTimeout(60_000); // each waits for the disk

const directory = useTemporaryFolder();
const log = createLog('test', 'silent');
const machine = { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 64 } as const;
const MIB = 1_048_576;

let servers: Server[];
let from: Warehouse;
let to: Warehouse;
let progress: ProgressEvent[];

/** A warehouse that each test has a copy of: to make its images means to wait for the disk. */
let stock: string;

beforeAll(async () => {
  stock = await mkdtemp(join(tmpdir(), 'vmgrid-test-'));
  const warehouse = await Warehouse.open(stock);
  // Bytes that do not compress: they cannot wait anywhere between the two ends.
  await promoteReal(warehouse, baseDraft('base', { machine }), randomBytes(6 * MIB).toString('latin1'), 16 * MIB);
  await promoteReal(warehouse, suspendedDraft('octave', 'base', { machine }), 'octave');
}, 60_000);
afterAll(() => rm(stock, { recursive: true, force: true }));

beforeEach(async () => {
  servers = [];
  progress = [];
  await cp(stock, join(directory(), 'from'), { recursive: true });
  from = await Warehouse.open(join(directory(), 'from'));
  to = await Warehouse.open(join(directory(), 'to'));
});
afterEach(() => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
});

const authenticator = {
  authenticate: () => ({ owner: 'ada', roles: ['operator'], credential: 'test' }),
} satisfies Authenticator;

async function serve(warehouse: Warehouse, limits?: TransferLimits): Promise<string> {
  const operations = new Operations({ kept: 10 });
  const operationService = new OperationService(operations, { name: 'the plant', newRequestId: () => 'request-1' });
  const report = (event: ProgressEvent) => void progress.push(event);
  const deps = { warehouse, operationService, restoreFault: () => undefined, report, changed: () => undefined, log };
  const parts = { routers: [operationRoutes(operationService)], streams: [archiveRoutes(deps, limits)] };
  const options = { host: '127.0.0.1', requestsPerMinute: 1_000, authenticator, audit: UNREAD_AUDIT, log };
  const server = createServer(createHttpApp({ ...parts, readiness: () => ({ status: 'ready' }) }, options));
  servers.push(server);
  return `http://127.0.0.1:${await listen(server, '127.0.0.1', 0)}`;
}

const archive = () => join(directory(), 'octave.tar.zst');
const download = async (url: string) => new ArchiveClient(url).download('octave', createWriteStream(archive()));
const upload = async (url: string, options: { sha256?: string; requestId?: string } = {}) =>
  new ArchiveClient(url).upload(createReadStream(archive()), { requestId: 'upload-1', ...options });
/** How the upload came out, once what it left is cleared away. */
async function ended(url: string): Promise<OperationReply> {
  const client = new ShopClient(url);
  for await (const _ of client.events('request-1')); // they end with it
  return client.operation('request-1');
}

const contentsOf = async ({ directory }: Warehouse) => [
  ...(await readdir(join(directory, 'images'))).sort(),
  ...(await readdir(join(directory, 'staging'))),
];

test('an image goes from one plant to another with all below it', async () => {
  const bytes = await download(await serve(from));
  expect(bytes).toBe((await stat(archive())).size);
  const sha256 = createHash('sha256')
    .update(await readFile(archive()))
    .digest('base64');
  const { images } = await upload(await serve(to), { sha256 });
  expect(images.map(({ imageId, imported }) => [imageId, imported])).toEqual([
    ['base', true],
    ['octave', true],
  ]);
  const verified = await verifyImages(to.inventory, undefined, { signal: NO_DEADLINE });
  expect(verified.flatMap(({ faults }) => faults)).toEqual([]);
  expect(progress.map(({ phase, subject, state }) => `${phase} ${subject} ${state}`)).toContain(
    'import octave/memory.bin done',
  );
});

test('an upload with another digest than said leaves nothing', async () => {
  await download(await serve(from));
  await expect(upload(await serve(to), { sha256: createHash('sha256').digest('base64') })).rejects.toMatchObject({
    code: 'ARCHIVE_INVALID',
    message: expect.stringContaining('digest'),
  });
  expect(await contentsOf(to)).toEqual([]);
});

test('an upload that breaks off leaves nothing', async () => {
  await download(await serve(from));
  const url = await serve(to);
  const half = (await readFile(archive())).subarray(0, 5 * MIB);
  const headers = { 'content-type': 'application/zstd', 'content-length': 10 * MIB };
  const request = httpRequest(`${url}/v1/images/archive`, { method: 'POST', headers });
  request.on('error', () => undefined);
  request.write(half);
  while (progress.length === 0) await new Promise(setImmediate); // something has come
  expect((await contentsOf(to)).length).toBe(1);
  request.destroy();
  expect(await ended(url)).toMatchObject({ state: 'failed', error: { code: 'BODY_INCOMPLETE' } });
  expect(await contentsOf(to)).toEqual([]);
});

test('a client that falls silent amid its upload is cut off, and nothing is left', async () => {
  await download(await serve(from));
  const url = await serve(to, { transfers: 1, silenceMs: 50, uploadMs: 60_000 });
  const request = httpRequest(`${url}/v1/images/archive`, {
    method: 'POST',
    headers: { 'content-type': 'application/zstd', 'content-length': 10 * MIB },
  });
  const cut = new Promise((resolve) => request.once('error', resolve));
  request.write((await readFile(archive())).subarray(0, MIB));
  expect(await cut).toMatchObject({ code: 'ECONNRESET' });
  expect(await ended(url)).toMatchObject({ state: 'failed' });
  expect(await contentsOf(to)).toEqual([]);
});

test('a download that breaks off is an error that says so', async () => {
  // A byte that is not as the manifest says: the plant notices it only when it comes to it, amid the answer.
  const file = join(from.directory, 'images/base/disk.raw');
  const content = await readFile(file);
  content[5 * MIB] = content[5 * MIB]! ^ 1;
  await writeFile(file, content);
  await expect(download(await serve(from))).rejects.toMatchObject({
    code: 'ARCHIVE_INVALID',
    message: expect.stringMatching(/^the archive of octave broke off or is damaged after \d+ bytes$/),
  });
});

test('what is not there, and what is no archive, is refused with a code', async () => {
  const url = await serve(to);
  await expect(download(url)).rejects.toMatchObject({ code: 'IMAGE_UNKNOWN' });
  await writeFile(archive(), 'hello');
  await expect(upload(url)).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
  const refused = await fetch(`${url}/v1/images/archive`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  expect([refused.status, await refused.json()]).toMatchObject([415, { error: { code: 'MEDIA_TYPE_UNSUPPORTED' } }]);
});

test('no more archives are on their way at once than the limit allows', async () => {
  const url = await serve(from, { transfers: 1, silenceMs: 60_000, uploadMs: 60_000 });
  const unread = await fetch(`${url}/v1/images/octave/archive`);
  await expect(download(url)).rejects.toMatchObject({ code: 'OVERLOADED', retryable: true });
  await unread.body!.cancel();
  while ((await download(url).catch((error) => error.code)) === 'OVERLOADED') await new Promise(setImmediate);
  expect((await stat(archive())).size).toBeGreaterThan(6 * MIB);
});

test('a plant sends no faster than the client takes', async () => {
  const url = await serve(from);
  let taken = 0;
  const { promise: stalled, resolve: stall } = Promise.withResolvers<void>();
  const { promise: goOn, resolve: release } = Promise.withResolvers<void>();
  const slow = new Writable({
    async write(chunk: Buffer, _encoding, done) {
      taken += chunk.length;
      stall();
      await goOn;
      done();
    },
  });
  const counted: number[] = [];
  const done = new ArchiveClient(url).download('octave', slow, { onBytes: (bytes) => counted.push(bytes) });
  await stalled;
  for (let turn = 0; turn < 200; turn += 1) await new Promise(setImmediate);
  expect(counted.at(-1)).toBeLessThan(2 * MIB);
  release();
  expect(await done).toBe(taken);
});
