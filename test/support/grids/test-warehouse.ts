/**
 * Golden images for tests, made once a machine and kept: base images, and a blank machine suspended in memory.
 * A test with a warehouse of its own gets them as hard links: what it builds, removes and refers to is nobody else's.
 */
import { chmod, link, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildBaseImage } from '../../../packages/vmgrid/src/local-grid/base-image.ts';
import type { GoldenImage } from '../../../packages/warehouse/src/images/manifest.ts';
import { Warehouse } from '../../../packages/warehouse/src/warehouse.ts';
import { MACHINE } from './documents.ts';

/** Folder for all that tests keep: `VMGRID_HOME`, or where a plant would keep it. */
export function testHome(): string {
  if (process.env.VMGRID_HOME !== undefined) return process.env.VMGRID_HOME;
  return process.getuid?.() === 0 ? '/var/lib/vmgrid' : join(tmpdir(), `vmgrid-${process.getuid?.()}`);
}

const sharedWarehouse = (): string => join(testHome(), 'e2e-warehouse');

/** A new folder below the home that other users can traverse; the caller removes it. */
export async function testFolder(name: string): Promise<string> {
  const parent = join(testHome(), 'test');
  await mkdir(parent, { recursive: true, mode: 0o755 });
  const folder = await mkdtemp(join(parent, `${name}-`));
  await chmod(folder, 0o755);
  return folder;
}

/** The base image of an operating system, built at the first call on this machine. */
export async function testBase(signal: AbortSignal, os: string): Promise<GoldenImage> {
  const imageId = await whileLocked(() => buildBase(os), signal);
  return (await Warehouse.open(sharedWarehouse())).inventory.image(imageId);
}

async function buildBase(os: string): Promise<string> {
  return (await buildBaseImage({ os, warehouse: sharedWarehouse() }, true)).imageId;
}

/** Adds a suspended blank machine to a warehouse that has its base image. */
export type Freeze = (warehouse: string) => Promise<void>;

/** Ids of the base image and the suspended blank machine, made at the first call on this machine. */
export function testBlank(freeze: Freeze, signal: AbortSignal): Promise<readonly [string, string]> {
  return whileLocked(async () => {
    const base = await buildBase(MACHINE.os);
    return [base, (await findBlank(base, sharedWarehouse())) ?? (await freezeApart(base, freeze))];
  }, signal);
}

/** Makes a warehouse with the base image and a suspended blank machine in it. */
export async function stockWarehouse(directory: string, freeze: Freeze, signal: AbortSignal): Promise<void> {
  const stock = await testBlank(freeze, signal);
  await Warehouse.open(directory);
  const images = await (await Warehouse.open(sharedWarehouse())).inventory.images();
  for (const imageId of stock) await linkImage(images.get(imageId)!, directory);
}

/** Makes a warehouse with the base image of one operating system in it. */
export async function stockBase(directory: string, os: string, signal: AbortSignal): Promise<void> {
  const base = await testBase(signal, os);
  await Warehouse.open(directory);
  await linkImage(base, directory);
}

/**
 * In a warehouse with nothing but the base: in the shared one a blank machine of an earlier recipe would do as well.
 */
async function freezeApart(base: string, freeze: Freeze): Promise<string> {
  const apart = await testFolder('stock');
  try {
    await Warehouse.open(apart);
    await linkImage(await imageOf(base, sharedWarehouse()), apart);
    await freeze(apart);
    const blank = await findBlank(base, apart);
    if (!blank) throw new Error('no suspended blank machine came of it');
    await rm(join(sharedWarehouse(), 'images', blank), { recursive: true, force: true });
    await linkImage(await imageOf(blank, apart), sharedWarehouse());
    return blank;
  } finally {
    await rm(apart, { recursive: true, force: true });
  }
}

const imageOf = async (imageId: string, warehouse: string): Promise<GoldenImage> =>
  (await Warehouse.open(warehouse)).inventory.image(imageId);

/**
 * Set it when another way to freeze changes what clones are like: blank machines that were frozen before are made anew.
 */
const FROZEN_SINCE = '2026-11-30T16:45:00Z';

async function findBlank(base: string, warehouse: string): Promise<string | undefined> {
  const images = await (await Warehouse.open(warehouse)).inventory.images();
  const manifests = [...images.values()].map(({ manifest }) => manifest);
  return manifests.find(
    (one) => one.base === base && one.memory && one.history.length === 0 && one.createdAt >= FROZEN_SINCE,
  )?.id;
}

/** Puts an image into another warehouse on the same file system. */
export async function linkImage({ manifest, directory }: GoldenImage, warehouse: string): Promise<void> {
  const to = join(warehouse, 'images', manifest.id);
  await mkdir(to, { mode: 0o755 });
  for (const file of await readdir(directory)) await link(join(directory, file), join(to, file));
}

/** Runs work in one process of this machine at a time; the kernel frees the lock when its holder dies. */
async function whileLocked<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  await mkdir(testHome(), { recursive: true, mode: 0o755 });
  const lock = new DatabaseSync(join(testHome(), 'e2e-lock.sqlite'));
  try {
    while (!tryLock(lock)) await sleep(100, undefined, { signal });
    return await work();
  } finally {
    lock.close();
  }
}

function tryLock(lock: DatabaseSync): boolean {
  try {
    lock.exec('BEGIN IMMEDIATE');
    return true;
  } catch {
    return false;
  }
}
