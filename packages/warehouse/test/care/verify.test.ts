import { spawnSync } from 'node:child_process';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { writable } from '@vmgrid/test-support/hosts/damage.ts';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { verifyImages } from '../../src/care/verify.ts';
import { readQcow2Header } from '../../src/images/qcow2-header.ts';
import { Warehouse } from '../../src/warehouse.ts';
import { baseDraft, promote, suspendedDraft } from '../made-up-images.ts';

const directory = useTemporaryFolder();
const options = { signal: AbortSignal.timeout(60_000) };
const fileOf = (image: string, file: string) => join(directory(), 'images', image, file);

function overlay(disk: string, backing: string, format = 'raw'): void {
  const args = ['create', '-q', '-u', '-f', 'qcow2', '-F', format, '-b', backing, disk, '1M'];
  expect(spawnSync('qemu-img', args).status).toBe(0);
}

/** An image with a true overlay for its disk. */
async function promoteOverlay(warehouse: Warehouse, id: string, parent: string, backing: string): Promise<void> {
  const staging = await warehouse.claims.stage();
  overlay(join(staging.directory, 'disk.qcow2'), backing);
  await writeFile(join(staging.directory, 'memory.bin'), 'memory');
  await writeFile(join(staging.directory, 'device.state'), 'state');
  await warehouse.claims.promote(staging, suspendedDraft(id, 'base', { parent }));
  await staging.discard();
}

async function stocked(): Promise<Warehouse> {
  const warehouse = await Warehouse.open(directory());
  await promote(warehouse, baseDraft('base'));
  await promoteOverlay(warehouse, 'octave', 'base', fileOf('base', 'disk.raw'));
  await promoteOverlay(warehouse, 'plotting', 'octave', '../octave/disk.qcow2');
  return warehouse;
}

const faultsOf = async (warehouse: Warehouse, names?: string[]) =>
  (await verifyImages(warehouse.inventory, names, options)).flatMap(({ imageId, faults }) =>
    faults.map(({ file, reason }) => [imageId, file, reason]),
  );

test('images whose disks stand on their parents, by full or relative name, are good', async () => {
  const warehouse = await stocked();
  const told: string[] = [];
  const onFile = (imageId: string, file: string, state: string) => told.push(`${state} ${imageId}/${file}`);
  const verified = await verifyImages(warehouse.inventory, undefined, { ...options, onFile });
  expect(verified.map(({ imageId, faults }) => [imageId, faults]).sort()).toEqual([
    ['base', []],
    ['octave', []],
    ['plotting', []],
  ]);
  expect(told).toContain('started octave/disk.qcow2');
  expect(told).toContain('done octave/memory.bin');
});

test('with an image those below it are verified, and tags name images here too', async () => {
  const warehouse = await stocked();
  await warehouse.label('octave', { addTags: ['stable'] });
  const verified = await verifyImages(warehouse.inventory, ['stable'], options);
  expect(verified.map(({ imageId }) => imageId)).toEqual(['octave', 'base']);
  await expect(verifyImages(warehouse.inventory, ['none'], options)).rejects.toMatchObject({ code: 'IMAGE_UNKNOWN' });
});

test('a changed, a cut, and a missing file are named', async () => {
  const warehouse = await stocked();
  await writeFile(await writable(fileOf('base', 'vmlinuz')), 'VMLINUZ of base\n');
  await writeFile(await writable(fileOf('octave', 'memory.bin')), 'mem');
  await rm(fileOf('plotting', 'device.state'));
  expect((await faultsOf(warehouse)).toSorted()).toEqual([
    ['base', 'vmlinuz', expect.stringMatching(/^its SHA-256 is /)],
    ['octave', 'memory.bin', 'the file has 3 bytes, its manifest says 6'],
    ['plotting', 'device.state', 'the file is missing'],
  ]);
});

test('a disk that stands on another than its parent is a fault', async () => {
  const warehouse = await stocked();
  await promoteOverlay(warehouse, 'stray', 'octave', '/etc/hostname');
  await promoteOverlay(warehouse, 'skipping', 'octave', '../base/disk.raw');
  expect(await faultsOf(warehouse, ['stray', 'skipping'])).toEqual([
    ['stray', 'disk.qcow2', 'it stands on /etc/hostname, which is not the disk of its parent octave'],
    ['skipping', 'disk.qcow2', 'it stands on ../base/disk.raw, which is not the disk of its parent octave'],
  ]);
});

test('a missing parent and a broken manifest are faults', async () => {
  const warehouse = await stocked();
  await rename(join(directory(), 'images/octave'), join(directory(), 'octave'));
  await writeFile(fileOf('base', 'manifest.json'), '{');
  const found = await faultsOf(await Warehouse.open(directory()));
  expect(found).toEqual([
    ['base', 'manifest.json', expect.any(String)],
    ['plotting', 'disk.qcow2', 'its base base is missing'],
  ]);
  expect(warehouse.warehouseId).toMatch(/^[0-9a-f-]{36}$/);
});

test('the head of a qcow2 file is read as qemu-img wrote it; other files have none', async () => {
  const disk = join(directory(), 'disk.qcow2');
  overlay(disk, '../base/disk.raw');
  expect(await readQcow2Header(disk)).toEqual({
    ...{ version: 3, virtualBytes: 1_048_576n, backingFile: '../base/disk.raw', externalData: false },
  });
  const data = ['create', '-q', '-f', 'qcow2', '-o', `data_file=${directory()}/data.raw`, disk, '1M'];
  expect(spawnSync('qemu-img', data).status).toBe(0);
  expect(await readQcow2Header(disk)).toMatchObject({ externalData: true, backingFile: undefined });
  await writeFile(disk, 'QF');
  expect(await readQcow2Header(disk)).toBeUndefined();
});
