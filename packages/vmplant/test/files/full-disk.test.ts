/**
 * Files that come to a plant whose disk is really full: declined like any other want of room, and nothing stays.
 * @unshared
 */
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from '@jest/globals';
import { SmallDisk, WHY_NO_SMALL_DISK } from '@vmgrid/test-support/hosts/small-disk.ts';
import { testUnless } from '@vmgrid/test-support/jest/test-unless.ts';
import { UploadedFiles } from '../../src/files/uploaded-files.ts';

const test = testUnless(WHY_NO_SMALL_DISK);

let disk: SmallDisk;
beforeEach(() => {
  disk = SmallDisk.mount(4);
});
afterEach(() => disk.unmount());

test('a file for which the disk has no room is DISK_INSUFFICIENT, and comes when there is room', async () => {
  const directory = join(disk.path, 'files');
  const files = new UploadedFiles({ directory, limitMiB: 100 });
  const data = randomBytes(1_048_576);
  const contentDigest = `sha256:${createHash('sha256').update(data).digest('hex')}`;
  const put = () => files.put({ contentDigest, bytes: data.length, offset: 0, data: data.toString('base64') });
  await files.put({ contentDigest, bytes: data.length, offset: 0, data: '' });
  disk.fill(65_536);
  await expect(put()).rejects.toMatchObject({ code: 'DISK_INSUFFICIENT' });
  expect(readdirSync(directory)).toEqual([]);
  disk.free();
  expect(await put()).toEqual({ bytes: data.length });
});
