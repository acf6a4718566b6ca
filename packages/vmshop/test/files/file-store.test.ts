/** What becomes of uploads at the shop, over its real routes. */
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { createLog } from '@vmgrid/daemon';
import { createHttpApp, createHttpServer, listen, stopListening } from '@vmgrid/http-api';
import { FileClient, type GridError } from '@vmgrid/protocol';
import { UNREAD_AUDIT } from '@vmgrid/test-support/grids/audit-sinks.ts';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { FileStore, type FileStoreOptions } from '../../src/files/file-store.ts';
import { fileRoutes, fileUploadRoutes } from '../../src/http/file-routes.ts';

const folder = useTemporaryFolder();
const MIB = 1_048_576;
const DAY = 86_400_000;
const digestOf = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: GridError) => error.code,
  );

let now: number;
let store: FileStore;
let server: Server;
let port: number;

const open = (more: Partial<FileStoreOptions> = {}): FileStore =>
  new FileStore({
    ...{ directory: join(folder(), 'files'), clock: { now: () => now }, fileMiB: 4, filesMiB: 8, keptMs: 7 * DAY },
    ...{ ownerMiB: (owner) => (owner === 'bob' ? 2 : undefined), ...more },
  });
const contents = () => readdirSync(join(folder(), 'files')).filter((name) => !name.startsWith('files.'));
const client = (owner: string) => new FileClient(`http://127.0.0.1:${port}`, { token: owner });
const put = (owner: string, bytes: Buffer, sha256?: string) =>
  client(owner).put(Readable.from([bytes]), sha256 === undefined ? {} : { sha256 });

beforeEach(async () => {
  now = Date.UTC(2026, 0, 1);
  store = open();
  const authenticate = (token: string | undefined) => ({ owner: token!, roles: ['user' as const], credential: 'test' });
  const parts = {
    routers: [fileRoutes(store)],
    streams: [fileUploadRoutes(store)],
    readiness: () => ({ status: 'ready' }),
  };
  const app = createHttpApp(parts, {
    ...{ host: '127.0.0.1', requestsPerMinute: 1_000, authenticator: { authenticate }, audit: UNREAD_AUDIT },
    log: createLog('test', 'silent'),
  });
  server = createHttpServer(app, { requestMs: 60_000 });
  port = await listen(server, '127.0.0.1', 0);
});
afterEach(async () => {
  await stopListening(server)();
  store.close();
});

test('a content is kept once, whoever uploads it, and goes with the last who has it', async () => {
  const bytes = randomBytes(MIB);
  const file = { contentDigest: digestOf(bytes), bytes: MIB };
  expect(await put('ada', bytes)).toMatchObject({ ...file, owner: 'ada' });
  expect(await put('bob', bytes)).toMatchObject({ ...file, owner: 'bob' });
  expect(contents()).toHaveLength(1);
  await client('ada').remove(file.contentDigest);
  expect(await codeOf(client('ada').remove(file.contentDigest))).toBe('FILE_UNKNOWN');
  expect([(await client('ada').list()).files, contents().length]).toEqual([[], 1]);
  await client('bob').remove(file.contentDigest);
  expect(contents()).toEqual([]);
});

test.each<[string, string, () => Promise<unknown>]>([
  ['too long', 'FILE_TOO_LARGE', () => put('ada', randomBytes(5 * MIB))],
  ["over its owner's quota", 'QUOTA_FILES', () => put('bob', randomBytes(3 * MIB))],
  ['not what it is said to be', 'FILE_CORRUPT', () => put('ada', randomBytes(10), `${'x'.repeat(42)}A=`)],
])('an upload that is %s leaves nothing', async (_, code, upload) => {
  expect(await codeOf(upload())).toBe(code);
  expect([contents(), (await client('ada').list()).files]).toEqual([[], []]);
});

test('all files together take no more than they may, and what an owner has can come again', async () => {
  const [one, two, three] = [randomBytes(4 * MIB), randomBytes(3 * MIB), randomBytes(2 * MIB)];
  await put('ada', one);
  await put('ada', two);
  expect(await codeOf(put('eve', three))).toBe('QUOTA_FILES');
  const sha256 = createHash('sha256').update(one).digest('base64');
  expect(await put('ada', one, sha256)).toMatchObject({ contentDigest: digestOf(one) });
});

test('the digest of a file of its own gives an owner no room for other bytes', async () => {
  const small = randomBytes(10);
  await put('bob', small);
  const sha256 = createHash('sha256').update(small).digest('base64');
  expect(await codeOf(put('bob', randomBytes(3 * MIB), sha256))).toBe('QUOTA_FILES');
});

test('one owner with slow uploads leaves room for the others', async () => {
  const { promise: end, resolve } = Promise.withResolvers<void>();
  async function* slow(): AsyncGenerator<Uint8Array> {
    yield randomBytes(1);
    await end;
  }
  const uploads = Array.from({ length: 4 }, () => store.put({ owner: 'ada', body: slow() }));
  expect(await codeOf(put('ada', randomBytes(1)))).toBe('OVERLOADED');
  expect(await codeOf(put('bob', randomBytes(1)))).toBe('done');
  resolve();
  await Promise.all(uploads);
  expect(await codeOf(put('ada', randomBytes(1)))).toBe('done');
});

test('an upload that cannot be written down leaves nothing', async () => {
  let isBroken = false;
  const clock = {
    now() {
      if (isBroken) throw new Error('no more');
      return now;
    },
  };
  async function* body() {
    yield randomBytes(10);
    isBroken = true;
  }
  store.close();
  store = open({ clock });
  await expect(store.put({ owner: 'ada', body: body() })).rejects.toThrow('no more');
  isBroken = false;
  expect([contents(), store.list('ada')]).toEqual([[], []]);
});

test('what all files take is not looked at for each chunk', async () => {
  const body = Readable.from(Array.from({ length: 4_000 }, () => Buffer.alloc(256, 1)));
  const looks = jest.fn(() => undefined);
  store.close();
  store = open({ ownerMiB: looks });
  await store.put({ owner: 'ada', body });
  expect(looks.mock.calls.length).toBeLessThan(4);
});

test('a digest gives nobody what they have not uploaded', async () => {
  const { contentDigest } = await put('ada', Buffer.from('secret'));
  expect(() => store.require('ada', [contentDigest])).not.toThrow();
  expect(() => store.require('bob', [contentDigest])).toThrow(expect.objectContaining({ code: 'FILE_UNKNOWN' }));
});

test('what no request names goes after its time; what one names stays longer', async () => {
  const [used, unused] = [await put('ada', Buffer.from('used')), await put('ada', Buffer.from('unused'))];
  now += 6 * DAY;
  store.require('ada', [used.contentDigest]);
  now += 2 * DAY;
  expect((await client('ada').list()).files.map(({ contentDigest }) => contentDigest)).toEqual([used.contentDigest]);
  expect(contents()).toHaveLength(1);
  expect(() => store.content(unused.contentDigest)).toThrow(expect.objectContaining({ code: 'FILE_UNKNOWN' }));
});

test('a store that is opened again has none of what went out of its time meanwhile', async () => {
  await put('ada', Buffer.from('unused'));
  store.close();
  now += 8 * DAY;
  store = open();
  expect(contents()).toEqual([]);
});

test('a store that is opened again has its files, and none of what an earlier process left', async () => {
  const { contentDigest } = await put('ada', Buffer.from('kept'));
  store.close();
  for (const name of ['incoming-1', 'a'.repeat(64)]) writeFileSync(join(folder(), 'files', name), 'left');
  store = open();
  expect(contents()).toEqual([contentDigest.slice(7)]);
  expect(store.list('ada')).toHaveLength(1);
});
