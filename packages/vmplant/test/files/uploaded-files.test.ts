/** The uploaded files of a plant: what it takes in, keeps, and lets go. */
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import type { GridError } from '@vmgrid/protocol';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { UploadedFiles } from '../../src/files/uploaded-files.ts';

const folder = useTemporaryFolder();
const MIB = 1_048_576;
const digestOf = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: GridError) => error.code,
  );

let directory: string;
let machine: string;
let files: UploadedFiles;

beforeEach(async () => {
  directory = join(folder(), 'files');
  machine = join(folder(), 'vm-1');
  await mkdir(machine);
  files = new UploadedFiles({ directory, limitMiB: 4 });
});

const pieceOf = (bytes: Buffer, offset: number, length: number, contentDigest = digestOf(bytes)) => ({
  ...{ contentDigest, bytes: bytes.length, offset },
  data: bytes.subarray(offset, offset + length).toString('base64'),
});
/** Brings a file as a shop does: from where the plant is. */
async function bring(bytes: Buffer, contentDigest = digestOf(bytes)): Promise<string> {
  let there = (await files.put(pieceOf(bytes, 0, 0, contentDigest))).bytes;
  while (there < bytes.length) there = (await files.put(pieceOf(bytes, there, MIB, contentDigest))).bytes;
  return contentDigest;
}

test('a file that came in pieces is there to the last byte, once all of it is', async () => {
  const bytes = randomBytes(2 * MIB + 5);
  const contentDigest = digestOf(bytes);
  expect(await files.put(pieceOf(bytes, 0, MIB))).toEqual({ bytes: MIB });
  expect(await codeOf(files.find(contentDigest, machine))).toBe('FILE_UNKNOWN');
  await bring(bytes);
  const { path, bytes: length } = await files.find(contentDigest, machine);
  expect([length, readFileSync(path).equals(bytes)]).toEqual([bytes.length, true]);
});

test('two shops that bring the same file do not disturb each other, nor does one that comes too late', async () => {
  const bytes = randomBytes(3 * MIB);
  await Promise.all([bring(bytes), bring(bytes)]);
  expect(await files.put(pieceOf(bytes, 0, MIB))).toEqual({ bytes: bytes.length });
  expect(readFileSync((await files.find(digestOf(bytes), machine)).path).equals(bytes)).toBe(true);
});

test('a file of no bytes is a file', async () => {
  const contentDigest = await bring(Buffer.alloc(0));
  expect(await files.find(contentDigest, machine)).toMatchObject({ bytes: 0 });
});

test('bytes of another digest are refused, and nothing is left of them', async () => {
  const contentDigest = digestOf(Buffer.from('other'));
  expect(await codeOf(bring(randomBytes(MIB), contentDigest))).toBe('FILE_CORRUPT');
  expect(await readdir(directory)).toEqual([]);
});

test('the file that was used longest ago makes room, and one that is too long is refused', async () => {
  const [one, two, three] = [randomBytes(2 * MIB), randomBytes(2 * MIB), randomBytes(MIB)];
  for (const bytes of [one, two]) await bring(bytes);
  const earlier = new Date(Date.now() - 60_000);
  await utimes(join(directory, digestOf(two).slice(7)), earlier, earlier);
  await bring(three);
  expect(await codeOf(files.find(digestOf(two), machine))).toBe('FILE_UNKNOWN');
  expect(await codeOf(files.find(digestOf(one), machine))).toBe('done');
  expect(await codeOf(files.put(pieceOf(randomBytes(5 * MIB), 0, MIB)))).toBe('DISK_INSUFFICIENT');
});

test('files that come at the same time take no more than they may, and none pushes out the other', async () => {
  const [one, two] = [randomBytes(3 * MIB), randomBytes(2 * MIB)];
  await files.put(pieceOf(one, 0, MIB));
  expect(await codeOf(files.put(pieceOf(two, 0, MIB)))).toBe('DISK_INSUFFICIENT');
  expect(await files.put(pieceOf(one, MIB, MIB))).toEqual({ bytes: 2 * MIB });
});

test('a file that broke off makes room after a while, and nobody makes one longer than it was to be', async () => {
  const [one, two] = [randomBytes(3 * MIB), randomBytes(2 * MIB)];
  await files.put(pieceOf(one, 0, MIB));
  const longer = { ...pieceOf(one, MIB, MIB), bytes: 5 * MIB };
  expect(await codeOf(files.put(longer))).toBe('DISK_INSUFFICIENT');
  const earlier = new Date(Date.now() - 600_000);
  await utimes(join(directory, `${digestOf(one).slice(7)}.part`), earlier, earlier);
  await bring(two);
  expect(await readdir(directory)).toEqual([digestOf(two).slice(7)]);
});

test('what is kept for a machine counts, and makes room for nothing, until the machine is gone', async () => {
  const bytes = randomBytes(3 * MIB);
  const contentDigest = await bring(bytes);
  await files.keep([contentDigest], machine);
  const other = randomBytes(3 * MIB);
  expect(await codeOf(bring(other))).toBe('DISK_INSUFFICIENT');
  const { path } = await files.find(contentDigest, machine);
  expect([path.startsWith(machine), readFileSync(path).equals(bytes)]).toEqual([true, true]);
  await rm(machine, { recursive: true });
  expect(await codeOf(bring(other))).toBe('done');
  expect(readdirSync(directory)).toEqual([digestOf(other).slice(7)]);
});

test('what the cache has dropped before it is kept is FILE_UNKNOWN', async () => {
  expect(await codeOf(files.keep([digestOf(Buffer.from('gone'))], machine))).toBe('FILE_UNKNOWN');
  expect(readdirSync(machine)).toEqual([]);
});
