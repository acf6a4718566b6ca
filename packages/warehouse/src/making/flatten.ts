/** Keeps backing chains short, because a read that falls through a chain looks into every disk of it. */
import { join, relative } from 'node:path';
import { runTool } from '@vmgrid/host';
import { GridError } from '@vmgrid/protocol';
import type { GoldenImage } from '../images/manifest.ts';
import { readQcow2Header } from '../images/qcow2-header.ts';
import type { ImageInventory } from '../inventory/image-inventory.ts';

/**
 * Most disks below a new image's disk, the base's included. When there are more, the disk is rebased onto the base
 * alone.
 */
export const CHAIN_LIMIT = 6;

/**
 * Returns the image on which a new disk shall stand: the one from which it was cloned, or, when the chain would become
 * longer than `CHAIN_LIMIT`, the base, after the data of all disks between have been copied into the new disk. Only the
 * new disk is written; images and VMs on the disks between are not touched. `disk` lies in a staging folder, inside a
 * folder beside which its parent image will lie. @throws GridError VMM_FAILED, IMAGE_CORRUPT
 */
export async function keepChainShort(
  { parent, disk }: { readonly parent: GoldenImage; readonly disk: string },
  inventory: Pick<ImageInventory, 'lineage'>,
  signal: AbortSignal,
): Promise<GoldenImage> {
  const below = [parent, ...(await inventory.lineage()).ancestors(parent)];
  if (below.length <= CHAIN_LIMIT) return parent;
  const base = below.at(-1)!;
  // The disk may refer only to the file that this process names: a guest may have written another name into it.
  await requireOwnData(disk);
  await rebase({ disk, onto: parent, name: diskOf(parent), withoutReading: true }, signal);
  await rebase({ disk, onto: base, name: diskOf(base) }, signal);
  await relateDisk(disk, base, signal);
  return base;
}

/** Makes the disk name its parent relative to its future folder. It reads neither. @throws GridError VMM_FAILED */
export function relateDisk(disk: string, parent: GoldenImage, signal: AbortSignal): Promise<void> {
  return rebase({ disk, onto: parent, name: relativeName(parent), withoutReading: true }, signal);
}

/** Returns the name of an image's disk that the disks above it contain. */
export const relativeName = ({ directory, manifest }: GoldenImage): string =>
  relative(join(directory, '..', 'child'), join(directory, manifest.disk));

/** @throws GridError IMAGE_CORRUPT when the disk is no qcow2, or keeps its data in another file */
export async function requireOwnData(disk: string): Promise<void> {
  const header = await readQcow2Header(disk);
  if (header && !header.externalData) return;
  const reason = header ? 'keeps its data in another file' : 'is no qcow2 file';
  throw new GridError('IMAGE_CORRUPT', `${disk} ${reason}`, { file: disk });
}

const diskOf = ({ directory, manifest }: GoldenImage): string => join(directory, manifest.disk);

interface Rebase {
  readonly disk: string;
  readonly onto: GoldenImage;
  /** The path by which the disk refers to the disk of that image. */
  readonly name: string;
  /** Changes only the name: what the disk stands on now is the same. */
  readonly withoutReading?: boolean;
}

async function rebase({ disk, onto, name, withoutReading }: Rebase, signal: AbortSignal): Promise<void> {
  const { id, diskFormat } = onto.manifest;
  const mode = withoutReading ? ['-u'] : [];
  await runTool('qemu-img', ['rebase', ...mode, '-f', 'qcow2', '-F', diskFormat, '-b', name, disk], {
    signal,
    failure: { code: 'VMM_FAILED', message: `${disk} could not be put onto the disk of ${id}` },
  });
}
