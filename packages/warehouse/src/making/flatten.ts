/** Keeps backing chains short: a read that falls through a chain looks at every disk in it. */
import { join, relative } from 'node:path';
import { runTool } from '@vmgrid/host';
import { GridError } from '@vmgrid/protocol';
import type { GoldenImage } from '../images/manifest.ts';
import { readQcow2Header } from '../images/qcow2-header.ts';
import type { Warehouse } from '../store.ts';

/** Disks that a new image's disk may stand on, its base's included; beyond that it is put onto its base alone. */
export const CHAIN_LIMIT = 6;

/**
 * The image that a new disk shall stand on: the one it was cloned from, or, when the chain would become longer than
 * `CHAIN_LIMIT`, the base, once everything between has been copied into the disk. Only the new disk is written: images
 * and VMs that stand on those between are not touched. `disk` lies in a staging folder, in a folder beside which its
 * image's parent will be. @throws GridError VMM_FAILED, IMAGE_CORRUPT
 */
export async function keepChainShort(
  warehouse: Pick<Warehouse, 'lineage'>,
  parent: GoldenImage,
  disk: string,
  signal: AbortSignal,
): Promise<GoldenImage> {
  const below = [parent, ...(await warehouse.lineage()).ancestors(parent)];
  if (below.length <= CHAIN_LIMIT) return parent;
  const base = below.at(-1)!;
  // Only where this very process says may the disk point when it is read: a guest may have written its name.
  await requireOwnData(disk);
  await rebase(disk, parent, ['-u'], diskOf(parent), signal);
  await rebase(disk, base, [], diskOf(base), signal);
  await relateDisk(disk, base, signal);
  return base;
}

/** Makes the disk name its parent relative to the folder it will lie in. Reads neither. @throws GridError VMM_FAILED */
export function relateDisk(disk: string, parent: GoldenImage, signal: AbortSignal): Promise<void> {
  return rebase(disk, parent, ['-u'], relativeName(parent), signal);
}

/** Name of an image's disk as the disks of its children have it. */
export const relativeName = ({ directory, manifest }: GoldenImage): string =>
  relative(join(directory, '..', 'child'), join(directory, manifest.disk));

/** @throws GridError IMAGE_CORRUPT when the disk is no qcow2, or keeps its data in another file. */
export async function requireOwnData(disk: string): Promise<void> {
  const header = await readQcow2Header(disk);
  if (header && !header.externalData) return;
  const reason = header ? 'keeps its data in another file' : 'is no qcow2 file';
  throw new GridError('IMAGE_CORRUPT', `${disk} ${reason}`, { file: disk });
}

const diskOf = ({ directory, manifest }: GoldenImage): string => join(directory, manifest.disk);

async function rebase(
  disk: string,
  { manifest }: GoldenImage,
  mode: readonly string[],
  name: string,
  signal: AbortSignal,
): Promise<void> {
  await runTool('qemu-img', ['rebase', ...mode, '-f', 'qcow2', '-F', manifest.diskFormat, '-b', name, disk], {
    signal,
    failure: { code: 'VMM_FAILED', message: `${disk} could not be put onto the disk of ${manifest.id}` },
  });
}
