/**
 * A warehouse on a disk that is really full: nothing half made stays, what there was is as before.
 * @unshared
 */

import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from '@jest/globals';
import { exhaustionOf } from '@vmgrid/protocol';
import { SmallDisk, WHY_NO_SMALL_DISK } from '@vmgrid/test-support/hosts/small-disk.ts';
import { NO_DEADLINE } from '@vmgrid/test-support/jest/no-deadline.ts';
import { testUnless } from '@vmgrid/test-support/jest/test-unless.ts';
import { verifyImages } from '../src/care/verify.ts';
import { Warehouse } from '../src/warehouse.ts';
import { baseDraft, promote, suspendedDraft } from './made-up-images.ts';

const test = testUnless(WHY_NO_SMALL_DISK);

let disk: SmallDisk;
let warehouse: Warehouse;
beforeEach(async () => {
  disk = SmallDisk.mount(4);
  warehouse = await Warehouse.open(disk.path, { owner: 'plant-1' });
  await promote(warehouse, baseDraft('base'));
});
afterEach(() => disk.unmount());

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error) => exhaustionOf(error) ?? error,
  );

/** Files of the warehouse, but for the filler and what SQLite keeps. */
const files = async (): Promise<readonly string[]> =>
  (await readdir(disk.path, { recursive: true })).filter((name) => !/^(filler|lock\.sqlite.*)$/.test(name)).sort();

test('an image that does not fit any more is not there, and leaves nothing', async () => {
  const before = await files();
  const outcomes = new Set<unknown>();
  for (const leaving of [0, 4_096, 8_192, 12_288, 16_384, 20_480, 24_576, 40_960]) {
    disk.fill(leaving);
    outcomes.add(await codeOf(promote(warehouse, suspendedDraft('octave', 'base'))));
    disk.free();
    if ((await warehouse.inventory.images()).has('octave')) await warehouse.remove('octave');
    expect((await files()).filter((name) => name !== 'references/octave')).toEqual(before);
  }
  expect(outcomes).toEqual(new Set(['HOST_DISK_FULL', 'done']));
  const verified = await verifyImages(warehouse.inventory, undefined, { signal: NO_DEADLINE });
  expect(verified.flatMap(({ faults }) => faults)).toEqual([]);
});

test('a hold on an image that cannot be written down is no hold', async () => {
  await warehouse.references.acquire('base', 'vm-0');
  const holds = async () => (await warehouse.references.of('base')).toSorted();
  const outcomes = new Set<unknown>();
  for (const leaving of [0, 4_096, 8_192]) {
    disk.fill(leaving);
    const outcome = await codeOf(warehouse.references.acquire('base', 'vm-1'));
    outcomes.add(outcome);
    expect(await holds()).toEqual(outcome === 'done' ? ['vm-0', 'vm-1'] : ['vm-0']);
    await warehouse.references.drop('base', 'vm-1');
    disk.free();
  }
  expect(outcomes).toEqual(new Set(['HOST_DISK_FULL', 'done']));
});

test('images can be removed though the disk is full, which makes room for others', async () => {
  const staging = await warehouse.claims.stage();
  const draft = baseDraft('large');
  for (const name of ['vmlinuz', 'initrd.img']) await writeFile(join(staging.directory, name), name);
  await writeFile(join(staging.directory, 'disk.raw'), Buffer.alloc(1_048_576, 1));
  await warehouse.claims.promote(staging, draft);
  await staging.discard();
  disk.fill();
  expect(await codeOf(warehouse.remove('large'))).toBe('done');
  expect(await codeOf(promote(warehouse, suspendedDraft('octave', 'base')))).toBe('done');
  expect([...(await warehouse.inventory.images()).keys()].sort()).toEqual(['base', 'octave']);
});
