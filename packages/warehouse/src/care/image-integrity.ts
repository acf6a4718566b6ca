/**
 * Checks that an image has everything that a machine started from it needs, as far as possible without reading its
 * files.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { bootFilesOf, filesOf } from '../images/image-files.ts';
import { Lineage } from '../images/lineage.ts';
import type { GoldenImage, Manifest } from '../images/manifest.ts';

export interface ImageFault {
  readonly imageId: string;
  readonly file: string;
  readonly reason: string;
}

/**
 * Returns the first fault of the image, of the disks below its own, or of the boot files of its base; undefined when
 * there is none.
 */
export async function findImageFault(
  image: GoldenImage,
  images: ReadonlyMap<string, GoldenImage>,
): Promise<ImageFault | undefined> {
  const { manifest } = image;
  const below = new Lineage(images).ancestors(image);
  const base = images.get(manifest.base);
  if (!base) return { imageId: manifest.id, file: manifest.disk, reason: `its base ${manifest.base} is missing` };
  const last = below.at(-1) ?? image;
  const { id: imageId, disk: file, parent } = last.manifest;
  if (parent !== undefined) return { imageId, file, reason: `its parent ${parent} is missing` };
  const needed = [
    ...filesOf(manifest).map((name) => faultOfFile(image, name)),
    ...below.map((one) => faultOfFile(one, one.manifest.disk)),
    ...bootFilesOf(manifest).map((name) => faultOfFile(base, name)),
  ];
  return (await Promise.all(needed)).find((fault) => fault !== undefined);
}

async function faultOfFile(image: GoldenImage, file: string): Promise<ImageFault | undefined> {
  const entry = image.manifest.files.find((one) => one.file === file);
  const reason = entry ? await sizeFault(image, entry) : 'its manifest does not say what is in the file';
  return reason === undefined ? undefined : { imageId: image.manifest.id, file, reason };
}

/** Returns why a file cannot be the one in the manifest, judging by its size alone. */
export async function sizeFault(
  { directory }: GoldenImage,
  { file, bytes }: Pick<Manifest['files'][number], 'file' | 'bytes'>,
): Promise<string | undefined> {
  const found = await stat(join(directory, file)).catch(() => undefined);
  if (!found?.isFile()) return 'the file is missing';
  return found.size === bytes ? undefined : `the file has ${found.size} bytes, its manifest says ${bytes}`;
}
