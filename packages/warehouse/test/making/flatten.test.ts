/** Chains of true qcow2 disks; each layer has a mark of its own in the guest's data. */
import { execFileSync } from 'node:child_process';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { verifyImages } from '../../src/care/verify.ts';
import type { GoldenImage } from '../../src/images/manifest.ts';
import { readQcow2Header } from '../../src/images/qcow2-header.ts';
import type { ManifestDraft } from '../../src/making/assemble.ts';
import { CHAIN_LIMIT, keepChainShort, relateDisk } from '../../src/making/flatten.ts';
import type { Staging } from '../../src/making/staging.ts';
import { Warehouse } from '../../src/warehouse.ts';
import { baseDraft, suspendedDraft } from '../made-up-images.ts';

const directory = useTemporaryFolder();
const signal = AbortSignal.timeout(120_000);
const DISK_MIB = 64;
const machine = { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: DISK_MIB } as const;

const qemuIo = (disk: string, command: string, format = 'qcow2') =>
  execFileSync('qemu-io', ['-f', format, '-c', command, disk], { encoding: 'utf8' });

async function makeBase(warehouse: Warehouse): Promise<GoldenImage> {
  const staging = await warehouse.claims.stage();
  for (const file of ['vmlinuz', 'initrd.img', 'disk.raw']) await writeFile(join(staging.directory, file), file);
  await truncate(join(staging.directory, 'disk.raw'), DISK_MIB * 1_048_576);
  qemuIo(join(staging.directory, 'disk.raw'), 'write -P 100 0 64k', 'raw');
  return finish(warehouse, staging, baseDraft('base', { machine }));
}

async function finish(warehouse: Warehouse, staging: Staging, draft: ManifestDraft) {
  try {
    return await warehouse.claims.promote(staging, draft);
  } finally {
    await staging.discard();
  }
}

/** A disk in a staging folder that was cloned from the parent and has the mark of its depth. */
async function cloneDisk(staging: Staging, parent: GoldenImage, depth: number): Promise<string> {
  const disk = join(staging.directory, 'disk.qcow2');
  const backing = join(parent.directory, parent.manifest.disk);
  const args = ['create', '-q', '-f', 'qcow2', '-F', parent.manifest.diskFormat, '-b', backing, disk];
  execFileSync('qemu-img', args);
  qemuIo(disk, `write -P ${depth} ${depth * 64}k 64k`);
  return disk;
}

async function makeChild(warehouse: Warehouse, parent: GoldenImage, depth: number): Promise<GoldenImage> {
  const staging = await warehouse.claims.stage();
  const disk = await cloneDisk(staging, parent, depth);
  for (const file of ['memory.bin', 'device.state']) await writeFile(join(staging.directory, file), `${file} ${depth}`);
  const below = await keepChainShort({ parent, disk }, warehouse.inventory, signal);
  if (below === parent) await relateDisk(disk, parent, signal);
  return finish(warehouse, staging, suspendedDraft(`layer-${depth}`, 'base', { machine, parent: below.manifest.id }));
}

test('a chain grows to its limit, then a new image stands on the base alone, with all that was between', async () => {
  const warehouse = await Warehouse.open(directory());
  let image = await makeBase(warehouse);
  for (let depth = 1; depth <= CHAIN_LIMIT; depth += 1) image = await makeChild(warehouse, image, depth);
  const deepest = image;
  const lineage = await warehouse.inventory.lineage();
  expect(
    lineage
      .ancestors(deepest)
      .map(({ manifest }) => manifest.id)
      .at(-1),
  ).toBe('base');
  const depths = [...(await warehouse.inventory.images()).values()].map((one) => lineage.ancestors(one).length);
  expect(Math.max(...depths)).toBe(CHAIN_LIMIT);
  // A disk in use above the chain is not disturbed.
  const above = join(directory(), 'above.qcow2');
  execFileSync('qemu-img', [
    ...['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', join(deepest.directory, 'disk.qcow2'), above],
  ]);
  const flat = await makeChild(warehouse, deepest, CHAIN_LIMIT + 1);
  expect(flat.manifest.parent).toBe('base');
  expect((await readQcow2Header(join(flat.directory, 'disk.qcow2')))!.backingFile).toBe('../base/disk.raw');
  for (let depth = 1; depth <= CHAIN_LIMIT + 1; depth += 1) {
    const read = qemuIo(join(flat.directory, 'disk.qcow2'), `read -P ${depth} ${depth * 64}k 64k`);
    expect(read).not.toMatch(/verification failed/);
  }
  expect(qemuIo(join(flat.directory, 'disk.qcow2'), 'read -P 100 0 64k')).not.toMatch(/verification failed/);
  expect(qemuIo(above, `read -P ${CHAIN_LIMIT} ${CHAIN_LIMIT * 64}k 64k`)).not.toMatch(/verification failed/);
  const verified = await verifyImages(warehouse.inventory, undefined, { signal });
  expect(verified.flatMap(({ faults }) => faults)).toEqual([]);
}, 120_000);

test('a disk that would take its data from another file is not read', async () => {
  const warehouse = await Warehouse.open(directory());
  let image = await makeBase(warehouse);
  for (let depth = 1; depth <= CHAIN_LIMIT; depth += 1) image = await makeChild(warehouse, image, depth);
  const disk = join(directory(), 'disk.qcow2');
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-o', `data_file=${directory()}/data`, disk, '64M']);
  await expect(keepChainShort({ parent: image, disk }, warehouse.inventory, signal)).rejects.toMatchObject({
    code: 'IMAGE_CORRUPT',
  });
}, 120_000);
