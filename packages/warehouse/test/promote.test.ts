import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { startNode } from '@vmgrid/test-support/hosts/node-process.ts';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { Warehouse } from '../src/warehouse.ts';
import { baseDraft, contentsOf, manifestOf, promote, suspendedDraft } from './made-up-images.ts';

const directory = useTemporaryFolder();
const STORE_PROCESS = join(import.meta.dirname, 'store-process.ts');

test('a promoted image has its files, their digests and sizes, and a manifest', async () => {
  const warehouse = await Warehouse.open(directory());
  const image = await promote(warehouse, baseDraft('base'));
  const folder = join(directory(), 'images', 'base');
  expect(image).toEqual({ manifest: manifestOf(baseDraft('base')), directory: folder, baseDirectory: folder });
  expect(JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'))).toEqual(image.manifest);
  expect((await readdir(folder)).sort()).toEqual(['disk.raw', 'initrd.img', 'manifest.json', 'vmlinuz']);
  expect(await readdir(join(directory(), 'staging'))).toEqual([]);
});

test('a suspended image keeps its memory and takes its boot files from its base', async () => {
  const warehouse = await Warehouse.open(directory());
  await promote(warehouse, baseDraft('base'));
  const image = await promote(warehouse, suspendedDraft('octave', 'base'));
  expect(image).toEqual({
    manifest: manifestOf(suspendedDraft('octave', 'base')),
    directory: join(directory(), 'images', 'octave'),
    baseDirectory: join(directory(), 'images', 'base'),
  });
  expect((await readdir(image.directory)).sort()).toEqual([
    'device.state',
    'disk.qcow2',
    'manifest.json',
    'memory.bin',
  ]);
});

test('files that the draft does not name stay behind', async () => {
  const warehouse = await Warehouse.open(directory());
  const staging = await warehouse.claims.stage();
  for (const [file, content] of Object.entries(contentsOf(baseDraft('base')))) {
    await writeFile(join(staging.directory, file), content);
  }
  await writeFile(join(staging.directory, 'console.log'), 'secrets?');
  const image = await warehouse.claims.promote(staging, baseDraft('base'));
  expect(await readdir(image.directory)).not.toContain('console.log');
  await staging.discard();
});

test('a draft that does not follow the schema is refused before a file is moved', async () => {
  const warehouse = await Warehouse.open(directory());
  const staging = await warehouse.claims.stage();
  await writeFile(join(staging.directory, 'disk.raw'), 'disk');
  const outside = join(directory(), 'outside');
  await writeFile(outside, 'precious');
  const escaping = baseDraft('base', { disk: '../../../outside' });
  await expect(warehouse.claims.promote(staging, escaping)).rejects.toMatchObject({
    code: 'IMAGE_CORRUPT',
    message: expect.stringContaining('disk'),
  });
  await expect(warehouse.claims.promote(staging, baseDraft('../base'))).rejects.toMatchObject({
    code: 'IMAGE_CORRUPT',
  });
  expect(await readFile(outside, 'utf8')).toBe('precious');
  expect(await readdir(staging.directory)).toEqual(['disk.raw']);
  expect([...(await warehouse.inventory.images()).keys()]).toEqual([]);
});

test('a file that is missing leaves no image', async () => {
  const warehouse = await Warehouse.open(directory());
  const staging = await warehouse.claims.stage();
  await writeFile(join(staging.directory, 'disk.raw'), 'disk');
  await expect(warehouse.claims.promote(staging, baseDraft('base'))).rejects.toMatchObject({ code: 'ENOENT' });
  expect(await readdir(join(directory(), 'images'))).toEqual([]);
});

test('an aborted promotion leaves no image', async () => {
  const warehouse = await Warehouse.open(directory());
  const staging = await warehouse.claims.stage();
  for (const [file, content] of Object.entries(contentsOf(baseDraft('base')))) {
    await writeFile(join(staging.directory, file), content);
  }
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(warehouse.claims.promote(staging, baseDraft('base'), signal)).rejects.toThrow();
  expect(await readdir(join(directory(), 'images'))).toEqual([]);
});

test('whoever looks while images are promoted sees each one whole or not at all', async () => {
  const warehouse = await Warehouse.open(directory());
  const onlooker = await Warehouse.open(directory());
  let promoting = true;
  const seen = new Set<number>();
  const looking = (async () => {
    while (promoting) {
      expect(await onlooker.inventory.broken()).toEqual([]);
      for (const { manifest, directory: folder } of (await onlooker.inventory.images()).values()) {
        expect((await readdir(folder)).sort()).toEqual([...manifest.files.map((f) => f.file), 'manifest.json'].sort());
      }
      seen.add((await onlooker.inventory.images()).size);
    }
  })();
  for (let index = 0; index < 10; index += 1) await promote(warehouse, baseDraft(`base-${index}`));
  promoting = false;
  await looking;
  expect((await onlooker.inventory.images()).size).toBe(10);
  expect(seen.size).toBeGreaterThan(1);
});

test('of two processes that make the same image the second gets the first one’s', async () => {
  const warehouse = await Warehouse.open(directory());
  const other = startNode(STORE_PROCESS, directory(), 'promote', 'base');
  expect(await other.line()).toBe('promoted');
  await other.end();
  const image = await promote(warehouse, baseDraft('base', { createdBy: 'this process' }));
  expect(image.manifest).toEqual(manifestOf(baseDraft('base', { createdBy: 'another process' })));
});

test('twenty promotions of one image at once give one image', async () => {
  const warehouses = await Promise.all(Array.from({ length: 4 }, () => Warehouse.open(directory())));
  const makers = Array.from({ length: 20 }, (_, index) => `maker ${index}`);
  const images = await Promise.all(
    makers.map((createdBy, index) => promote(warehouses[index % 4]!, baseDraft('base', { createdBy }))),
  );
  const winners = new Set(images.map((image) => image.manifest.createdBy));
  expect(winners.size).toBe(1);
  expect(await readdir(join(directory(), 'images'))).toEqual(['base']);
  expect(await readdir(join(directory(), 'staging'))).toEqual([]);
});

test('an image whose parent or base has gone is refused', async () => {
  const warehouse = await Warehouse.open(directory());
  await promote(warehouse, baseDraft('base'));
  await promote(warehouse, suspendedDraft('octave', 'base'));
  await warehouse.remove('octave');
  const orphan = suspendedDraft('plotting', 'base', { parent: 'octave' });
  await expect(promote(warehouse, orphan)).rejects.toMatchObject({
    code: 'IMAGE_UNKNOWN',
    details: { imageId: 'octave' },
  });
  expect(await readdir(join(directory(), 'images'))).toEqual(['base']);
});

test('an image is not promoted over a broken folder of its id, and says what is wrong there', async () => {
  const warehouse = await Warehouse.open(directory());
  await mkdir(join(directory(), 'images', 'base'));
  await writeFile(join(directory(), 'images', 'base', 'manifest.json'), '{');
  await expect(promote(warehouse, baseDraft('base'))).rejects.toMatchObject({
    code: 'IMAGE_CORRUPT',
    details: { imageId: 'base' },
  });
  await warehouse.remove('base');
  expect((await promote(warehouse, baseDraft('base'))).manifest.id).toBe('base');
});
