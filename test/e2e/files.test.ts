/** Files that are too long for a document: uploaded, named by their digest, put into guests behind a broker. */
import { createHash, randomBytes } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { digestAction, type FileAction } from '@vmgrid/dag';
import { FileClient, type GridError } from '@vmgrid/protocol';
import { dag, simulatedOrder as order, SIMULATED_MACHINE, script } from '@vmgrid/test-support/grids/documents.ts';
import { vmgrid } from '@vmgrid/test-support/grids/programs.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';
import { eventually } from '@vmgrid/test-support/hosts/processes.ts';

let grid: TestGrid;
beforeAll(async () => {
  grid = await TestGrid.open('files', {
    ...{ line: 'simulated', brokers: ['broker-1'], upstreams: { 'plant-1': ['broker-1'] } },
    plantConfig: { filesMiB: 8 },
    shopConfig: { fileMiB: 8, filesMiB: 64, quotas: { owners: { bob: { filesMiB: 4 } } } },
  });
  await grid.connected(1);
}, OPEN_GRID_MS);
afterAll(async () => expect((await grid?.close()) ?? []).toEqual([]), 60_000);

const MIB = 1_048_576;
/** Text: files of simulated guests are. */
const textOf = (bytes: number) =>
  Buffer.from(
    randomBytes(Math.ceil(bytes / 2))
      .toString('hex')
      .slice(0, bytes),
  );
const LONG = textOf(3 * MIB + 17);
const digestOf = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const files = (token = grid.token) => new FileClient(grid.shopUrl, { token });
const put = (bytes: Buffer, token?: string) => files(token).put(Readable.from([bytes]));
const named = (contentDigest: string, path = '/root/long'): FileAction => ({
  ...{ kind: 'file', id: 'long', path, contentDigest },
});
const size = script('size', 'echo "Size = $(wc -c < /root/long)" >> "$VMGRID_ATTRIBUTES"');
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: GridError) => error.code,
  );
async function tokenOf(owner: string): Promise<string> {
  const args = ['--json', 'tokens', 'create', `${owner}-${randomBytes(4).toString('hex')}`, '--owner', owner];
  const { out } = await vmgrid([...args, '--access', grid.accessDirectory]);
  return JSON.parse(out).token;
}
const stored = async () =>
  (await readdir(join(grid.directory, 'shop/files'))).filter((name) => !name.startsWith('files.'));

test('a file is uploaded by command, twice the same, and a guest has it to the last byte', async () => {
  const path = join(grid.directory, 'long file.bin');
  await writeFile(path, LONG);
  const { status, out } = await vmgrid(['files', 'put', path, ...grid.flags]);
  expect([status, out]).toEqual([0, `${digestOf(LONG)}  ${path}\n`]);
  expect(await put(LONG)).toMatchObject({ contentDigest: digestOf(LONG), bytes: LONG.length });
  expect((await files().list()).files).toHaveLength(1);
  const { vm } = await grid.client.create(order([named(digestOf(LONG)), size], { requestId: 'long' }));
  expect(vm.Size).toBe(LONG.length);
  const short = await put(Buffer.from('more'));
  const more = { vmId: String(vm.VmId), dag: dag([named(short.contentDigest), size]) };
  expect((await grid.client.configure(more)).vm.Size).toBe(short.bytes);
}, 60_000);

test('an uploaded content and the same in a document are the same action', async () => {
  const { contentDigest } = await put(Buffer.from('hello'));
  const inline: FileAction = { kind: 'file', id: 'x', path: '/root/long', content: 'hello' };
  expect(digestAction(named(contentDigest))).toBe(digestAction(inline));
  await grid.client.buildImage({ machine: SIMULATED_MACHINE, dag: dag([named(contentDigest)]) });
  const { vm } = await grid.client.create(order([inline]));
  expect(vm).toMatchObject({ ActionsCached: 1, ActionsRun: 0 });
}, 60_000);

test('a content that nobody uploaded, or only somebody else, is refused before any auction', async () => {
  const bob = await tokenOf('bob');
  await put(LONG);
  const { auctions: before } = await grid.client.auctions();
  const unknown = digestOf(Buffer.from('never uploaded'));
  expect(await codeOf(grid.client.create(order([named(unknown)])))).toBe('FILE_UNKNOWN');
  const byBob = await vmgridCreate(bob, order([named(digestOf(LONG))]));
  expect(byBob).toMatch(/FILE_UNKNOWN.*vmgrid files put/s);
  expect((await grid.client.auctions()).auctions).toHaveLength(before.length);
  expect((await files(bob).list()).files).toEqual([]);
  expect(await codeOf(files(bob).remove(digestOf(LONG)))).toBe('FILE_UNKNOWN');
}, 60_000);

async function vmgridCreate(token: string, request: object): Promise<string> {
  const [tokenFile, document] = [join(grid.directory, 'token'), join(grid.directory, 'request.json')];
  await writeFile(tokenFile, token, { mode: 0o600 });
  await writeFile(document, JSON.stringify(request));
  return (await vmgrid(['create', document, '--shop', grid.shopUrl, '--token-file', tokenFile])).err;
}

test('what is too long, over a quota, of another digest or cut off leaves nothing', async () => {
  const bob = await tokenOf('bob');
  const before = await stored();
  expect(await codeOf(put(randomBytes(9 * MIB)))).toBe('FILE_TOO_LARGE');
  await put(randomBytes(2 * MIB), bob);
  expect(await codeOf(put(randomBytes(3 * MIB), bob))).toBe('QUOTA_FILES');
  const wrong = createHash('sha256').update('other').digest('base64');
  expect(await codeOf(files().put(Readable.from([Buffer.from('this')]), { sha256: wrong }))).toBe('FILE_CORRUPT');
  await cutOff();
  await eventually('the part is gone', async () => (await stored()).length === before.length + 1);
}, 60_000);

/** Sends a part of what was announced, and ends the connection. */
async function cutOff(): Promise<void> {
  const socket = connect(Number(new URL(grid.shopUrl).port), '127.0.0.1');
  const head = [
    'PUT /v1/files HTTP/1.1',
    'Host: localhost',
    `Authorization: Bearer ${grid.token}`,
    'Content-Type: application/octet-stream',
    'Content-Length: 1000000',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n${'x'.repeat(100_000)}`);
  await eventually('the upload has begun', async () => (await stored()).some((name) => name.startsWith('incoming-')));
  socket.destroy();
}

test('a plant that has no room for more forgets what it used longest ago, and is brought it again', async () => {
  const [one, two] = [textOf(5 * MIB), textOf(5 * MIB)];
  for (const bytes of [one, two, one]) {
    const { contentDigest } = await put(bytes);
    const { vm } = await grid.client.create(order([named(contentDigest), size]));
    expect(vm.Size).toBe(bytes.length);
    await grid.client.destroy(String(vm.VmId));
  }
}, 60_000);

test('what a VM needs at its end is kept for it, whatever becomes of the file', async () => {
  const { contentDigest } = await put(LONG);
  const destruction = dag([named(contentDigest)]);
  const { vm } = await grid.client.create(order([], { destruction }));
  await files().remove(contentDigest);
  const [long, fitting] = [await put(textOf(7 * MIB)), await put(textOf(8 * MIB - LONG.length))];
  expect(await codeOf(grid.client.create(order([named(long.contentDigest)])))).toBe('AWARD_REFUSED');
  await grid.client.create(order([named(fitting.contentDigest)]));
  expect(await codeOf(grid.client.create(order([], { destruction })))).toBe('FILE_UNKNOWN');
  expect((await grid.client.destroy(String(vm.VmId))).vm).not.toHaveProperty('DestructionFailureCode');
}, 60_000);

test('a long content in a document says what to do', async () => {
  const content = 'x'.repeat(MIB + 1);
  const inline: FileAction = { kind: 'file', id: 'x', path: '/root/x', content };
  const failing = grid.client.create(order([inline]));
  await expect(failing).rejects.toMatchObject({
    code: 'REQUEST_INVALID',
    message: expect.stringContaining('vmgrid files put'),
  });
});

test('files are listed and removed', async () => {
  const { contentDigest } = await put(Buffer.from('to be removed'));
  expect((await vmgrid(['files', 'list', ...grid.flags])).out).toContain(contentDigest);
  expect((await vmgrid(['files', 'rm', contentDigest, ...grid.flags])).out).toBe(`${contentDigest} removed\n`);
  expect(await vmgrid(['files', 'rm', contentDigest, ...grid.flags])).toMatchObject({ status: 1 });
});
