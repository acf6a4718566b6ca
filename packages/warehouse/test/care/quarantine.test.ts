/** Images that are not what their manifests say: found as they are used, named, and used no more. */
import { appendFile, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import { writable } from '@vmgrid/test-support/hosts/damage.ts';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { Quarantine } from '../../src/care/quarantine.ts';
import { verifyImages } from '../../src/care/verify.ts';
import { EMPTY_INVENTORY } from '../../src/inventory/read-inventory.ts';
import { Warehouse } from '../../src/warehouse.ts';
import { baseDraft, promote } from '../made-up-images.ts';

const directory = useTemporaryFolder();
const signal = AbortSignal.timeout(60_000);
const fileOf = (image: string, file: string) => join(directory(), 'images', image, file);
let warehouse: Warehouse;
beforeEach(async () => {
  warehouse = await Warehouse.open(directory(), { owner: 'plant-1' });
  await promote(warehouse, baseDraft('base'));
  // Raw disks, so that `verify` can judge all of it.
  await promote(warehouse, baseDraft('octave', { base: 'base', parent: 'base' }));
  await promote(warehouse, baseDraft('plotting', { base: 'base', parent: 'octave' }));
});

const usable = async () => [...(await warehouse.inventory.images()).keys()].sort();
const flip = async (path: string): Promise<void> => {
  const content = await readFile(path);
  content[3]! ^= 1;
  await writeFile(await writable(path), content);
};
const cut = async (path: string): Promise<void> => truncate(await writable(path), 3);

test.each([
  ['disk.raw is cut', 'octave', () => cut(fileOf('octave', 'disk.raw')), 'has 3 bytes, its manifest says 19'],
  [
    'disk.raw is longer',
    'octave',
    async () => appendFile(await writable(fileOf('octave', 'disk.raw')), '+'),
    'has 20 bytes, its manifest says 19',
  ],
  ['disk.raw is gone', 'octave', () => rm(fileOf('octave', 'disk.raw')), 'the file is missing'],
])(
  'an image whose %s is refused as it is taken, and used no more, nor is what stands on it',
  async (_, id, harm, reason) => {
    await harm();
    await expect(warehouse.references.acquire(id, 'vm-1')).rejects.toMatchObject({
      code: 'IMAGE_CORRUPT',
      message: expect.stringContaining(reason),
      details: { imageId: id, file: 'disk.raw', reason: expect.stringContaining(reason) },
    });
    expect(await warehouse.references.of(id)).toEqual([]);
    expect(await usable()).toEqual(['base']);
    expect(await warehouse.inventory.broken()).toEqual([
      { id: 'octave', reason: expect.stringContaining(reason) },
      { id: 'plotting', reason: 'it stands on octave, which is broken' },
    ]);
  },
);

test('an image is refused for what is below it: a disk, a boot file, an image that is not there', async () => {
  await cut(fileOf('octave', 'disk.raw'));
  await expect(warehouse.references.acquire('plotting', 'vm-1')).rejects.toMatchObject({
    code: 'IMAGE_CORRUPT',
    message: 'the image plotting is broken: it stands on octave, which is broken',
  });
  await rm(fileOf('base', 'vmlinuz'));
  await expect(warehouse.references.acquire('base', 'vm-1')).rejects.toMatchObject({ details: { file: 'vmlinuz' } });
  expect(await usable()).toEqual([]);
  await rm(join(directory(), 'images', 'octave'), { recursive: true });
  for (const id of ['octave', 'base']) warehouse.inventory.quarantine.release(id);
  await promote(warehouse, baseDraft('other'));
  await expect(warehouse.references.acquire('plotting', 'vm-1')).rejects.toMatchObject({
    message: expect.stringContaining('its parent octave is missing'),
  });
});

test('an image is not made anew in the place of a broken one: whoever wants to is told to remove that first', async () => {
  await cut(fileOf('octave', 'disk.raw'));
  await expect(warehouse.references.acquire('octave', 'vm-1')).rejects.toMatchObject({ code: 'IMAGE_CORRUPT' });
  await expect(warehouse.claims.claim('octave')).rejects.toMatchObject({
    code: 'IMAGE_CORRUPT',
    details: { imageId: 'octave', file: 'disk.raw' },
  });
  for (const id of ['plotting', 'octave']) await warehouse.remove(id);
  const staging = await warehouse.claims.claim('octave');
  await staging!.discard();
});

test('a manifest that does not say what is in a file that the machine needs is refused', async () => {
  const manifest = JSON.parse(await readFile(fileOf('octave', 'manifest.json'), 'utf8'));
  await writeFile(fileOf('octave', 'manifest.json'), JSON.stringify({ ...manifest, files: [] }));
  const again = await Warehouse.open(directory());
  await expect(again.references.acquire('octave', 'vm-1')).rejects.toMatchObject({
    code: 'IMAGE_CORRUPT',
    message: expect.stringContaining('its manifest does not say what is in the file'),
  });
});

test('a bit that flipped is found when the image is read to the end, and the image used no more', async () => {
  await flip(fileOf('octave', 'disk.raw'));
  await warehouse.references.acquire('octave', 'vm-1');
  expect(await warehouse.inventory.examine('octave', signal)).toEqual({
    imageId: 'octave',
    file: 'disk.raw',
    reason: expect.stringMatching(/^its SHA-256 is/),
  });
  await expect(warehouse.references.acquire('octave', 'vm-2')).rejects.toMatchObject({ code: 'IMAGE_CORRUPT' });
  expect(await usable()).toEqual(['base']);
  expect(await warehouse.inventory.examine('base', signal)).toBeUndefined();
});

test('an image that was mended is used again once it is verified', async () => {
  await flip(fileOf('octave', 'disk.raw'));
  const faulty = async () =>
    (await verifyImages(warehouse.inventory, undefined, { signal })).flatMap(({ imageId, faults }) =>
      faults.map(() => imageId),
    );
  expect(await faulty()).toEqual(['octave']);
  expect(await usable()).toEqual(['base']);
  await flip(fileOf('octave', 'disk.raw'));
  expect(await verifyImages(warehouse.inventory, ['plotting'], { signal })).toMatchObject([
    { faults: [] },
    { faults: [] },
    { faults: [] },
  ]);
  expect(await usable()).toEqual(['base', 'octave', 'plotting']);
});

test('a broken image is not used while it is looked at anew, nor when that is cut off', async () => {
  await flip(fileOf('octave', 'disk.raw'));
  await warehouse.inventory.examine('octave', signal);
  await flip(fileOf('octave', 'disk.raw'));
  const stop = new AbortController();
  const seen: Promise<string[]>[] = [];
  const onFile = (imageId: string) => {
    if (imageId !== 'octave') return;
    seen.push(usable());
    stop.abort();
  };
  for (const names of [undefined, ['octave']]) {
    await expect(verifyImages(warehouse.inventory, names, { signal: stop.signal, onFile })).rejects.toThrow();
  }
  expect(await Promise.all(seen)).toEqual([['base'], ['base']]);
  expect(await usable()).toEqual(['base']);
  expect(await warehouse.inventory.broken()).toMatchObject([{ id: 'octave' }, { id: 'plotting' }]);
});

test('a broken image can be removed, but not from under others', async () => {
  await cut(fileOf('octave', 'disk.raw'));
  await expect(warehouse.references.acquire('octave', 'vm-1')).rejects.toMatchObject({ code: 'IMAGE_CORRUPT' });
  await expect(warehouse.remove('octave')).rejects.toMatchObject({ code: 'IMAGE_IN_USE' });
  await warehouse.remove('plotting');
  await warehouse.remove('octave');
  expect(await warehouse.inventory.broken()).toEqual([]);
  await promote(warehouse, baseDraft('octave', { base: 'base', parent: 'base' }));
  await warehouse.references.acquire('octave', 'vm-1');
});

test('what is left is the same object for the same inventory, so that nobody takes it for a change', async () => {
  const quarantine = new Quarantine();
  const images = await warehouse.inventory.images();
  const inventory = { ...EMPTY_INVENTORY, images };
  expect(quarantine.without(inventory)).toBe(inventory);
  quarantine.add({ imageId: 'octave', file: 'disk.raw', reason: 'gone' });
  const left = quarantine.without(inventory);
  expect([...left.images.keys()]).toEqual(['base']);
  expect(quarantine.without(inventory)).toBe(left);
  quarantine.release('octave');
  expect(quarantine.without(inventory)).toBe(inventory);
});
