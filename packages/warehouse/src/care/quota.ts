import { join } from 'node:path';
import { GridError } from '@vmgrid/protocol';
import { allocatedBytes, ownBytes } from '../images/image-files.ts';
import type { GoldenImage, Manifest } from '../images/manifest.ts';

/** Returns the bytes on disk of all images together. */
async function bytesOf(images: Iterable<GoldenImage>): Promise<number> {
  return sum(await Promise.all([...images].map(ownBytes)));
}

/**
 * Refuses a new image, whose files lie in `folder`, when the images would exceed the limit with it.
 * @throws GridError WAREHOUSE_FULL (details: `usedMiB`, `neededMiB`, `limitMiB`)
 */
export async function refuseWhenFull(
  { folder, manifest: { id, files } }: { readonly folder: string; readonly manifest: Manifest },
  images: Iterable<GoldenImage>,
  limit: number,
): Promise<void> {
  const needed = sum(await Promise.all(files.map(({ file }) => allocatedBytes(join(folder, file)))));
  const used = await bytesOf(images);
  if (used + needed <= limit) return;
  const [usedMiB, neededMiB, limitMiB] = [used, needed, limit].map((bytes) => Math.ceil(bytes / 1_048_576));
  throw new GridError(
    'WAREHOUSE_FULL',
    `the image ${id} needs ${neededMiB} MiB; the warehouse takes ${usedMiB} of ${limitMiB} MiB`,
    { imageId: id, usedMiB, neededMiB, limitMiB },
  );
}

const sum = (bytes: readonly number[]): number => bytes.reduce((total, one) => total + one, 0);
