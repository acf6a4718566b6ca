/** The files of an image: which there are, their digests, and what they take. */
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { digestFile } from './digest-file.ts';
import type { GoldenImage, Manifest } from './manifest.ts';

/** Files that belong to the image. Boot files lie in the base image only. */
export function filesOf(manifest: Omit<Manifest, 'files'>): readonly string[] {
  const { id, base, disk, memory } = manifest;
  return [disk, ...(memory ? [memory.memory, memory.state] : []), ...(base === id ? bootFilesOf(manifest) : [])];
}

/** Files beside the base's disk that it boots with; none if it boots by itself. */
export const bootFilesOf = ({ boot }: Pick<Manifest, 'boot'>): readonly string[] =>
  'kernel' in boot ? [boot.kernel, boot.initrd] : [];

/** Digests a file, and brings it to the disk before the image can be seen. */
export async function freezeFile(
  folder: string,
  file: string,
  signal?: AbortSignal,
): Promise<Manifest['files'][number]> {
  const path = join(folder, file);
  const sha256 = await digestFile(path, signal);
  await using handle = await open(path, 'r');
  await handle.sync();
  return { file, sha256, bytes: (await handle.stat()).size };
}

/** Bytes that a file takes on the disk: a sparse one takes less than its size, one that is not there nothing. */
export const allocatedBytes = (path: string): Promise<number> =>
  stat(path).then(
    ({ blocks }) => blocks * 512,
    () => 0,
  );

const known = new WeakMap<GoldenImage, Promise<number>>();

/** Bytes on disk that are the image's own. Asked of the disk once: images do not change. */
export function ownBytes(image: GoldenImage): Promise<number> {
  const before = known.get(image);
  if (before) return before;
  const sizes = Promise.all(image.manifest.files.map(({ file }) => allocatedBytes(join(image.directory, file))));
  const sum = sizes.then((bytes) => bytes.reduce((total, one) => total + one, 0));
  known.set(image, sum);
  return sum;
}

/** Bytes on disk of the images below that this one needs: their disks, and the boot files of its base. */
export async function sharedBytes(below: readonly GoldenImage[]): Promise<number> {
  const files = below.flatMap(({ manifest, directory }) => {
    const boot = manifest.base === manifest.id ? bootFilesOf(manifest) : [];
    return [manifest.disk, ...boot].map((file) => join(directory, file));
  });
  const sizes = await Promise.all(files.map(allocatedBytes));
  return sizes.reduce((total, one) => total + one, 0);
}
