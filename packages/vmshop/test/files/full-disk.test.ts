/**
 * Uploads to a shop whose disk is really full: refused, and nothing of them stays.
 * @unshared
 */
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect } from '@jest/globals';
import { exhaustionOf } from '@vmgrid/protocol';
import { SmallDisk, WHY_NO_SMALL_DISK } from '@vmgrid/test-support/hosts/small-disk.ts';
import { testUnless } from '@vmgrid/test-support/jest/test-unless.ts';
import { FileStore } from '../../src/files/file-store.ts';

const test = testUnless(WHY_NO_SMALL_DISK);
const MIB = 1_048_576;

let disk: SmallDisk;
let store: FileStore;
beforeEach(() => {
  disk = SmallDisk.mount(4);
  const limits = { fileMiB: 4, filesMiB: 100, keptMs: 86_400_000, ownerMiB: () => undefined };
  store = new FileStore({ directory: join(disk.path, 'files'), clock: { now: () => 0 }, ...limits });
});
afterEach(() => {
  store.close();
  disk.unmount();
});

const put = (bytes: Buffer): Promise<unknown> =>
  store.put({ owner: 'ada', body: Readable.from([bytes]) }).then(
    () => 'done',
    (error) => exhaustionOf(error),
  );
const contents = () => readdirSync(join(disk.path, 'files')).filter((name) => !name.startsWith('files.sqlite'));

test('an upload for which the disk has no room fails as HOST_DISK_FULL, and leaves nothing', async () => {
  for (const leaving of [0, 4_096, 65_536]) {
    disk.fill(leaving);
    expect(await put(randomBytes(MIB))).toBe('HOST_DISK_FULL');
    expect([contents(), store.list('ada')]).toEqual([[], []]);
  }
  disk.free();
  expect(await put(randomBytes(MIB))).toBe('done');
});
