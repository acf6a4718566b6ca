/** The files of an image: which exist, their digests, and their size on disk. */
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { digestFile } from './digest-file.ts';
import type { GoldenImage, Manifest } from './manifest.ts';

/** In the mode of a file: all that lets anybody write to it. */
const FOR_WRITING = 0o222;

/** Lists the files of an image. Boot files lie in the base image only. */
export function filesOf(manifest: Omit<Manifest, 'files'>): readonly string[] {
  const { id, base, disk, memory } = manifest;
  return [disk, ...(memory ? [memory.memory, memory.state] : []), ...(base === id ? bootFilesOf(manifest) : [])];
}

/** Lists the files beside the base's disk that are needed to boot it; empty when the disk boots by itself. */
export const bootFilesOf = ({ boot }: Pick<Manifest, 'boot'>): readonly string[] =>
  'kernel' in boot ? [boot.kernel, boot.initrd] : [];

/**
 * Digests a file, and writes it to the disk for good before the image can be seen. Nobody may write to it afterwards:
 * who would has to change its mode first, which a hypervisor cannot.
 */
export async function freezeFile(
  folder: string,
  file: string,
  signal?: AbortSignal,
): Promise<Manifest['files'][number]> {
  const path = join(folder, file);
  const sha256 = await digestFile(path, signal);
  await using handle = await open(path, 'r');
  const { mode, size } = await handle.stat();
  await handle.chmod(mode & ~FOR_WRITING);
  await handle.sync();
  return { file, sha256, bytes: size };
}

/** Returns the bytes that a file occupies: a sparse file less than its size, a missing one none. */
export const allocatedBytes = (path: string): Promise<number> =>
  stat(path).then(
    ({ blocks }) => blocks * 512,
    () => 0,
  );

const known = new WeakMap<GoldenImage, Promise<number>>();

/** Returns the bytes on disk that belong to the image itself. They are measured once, because images do not change. */
export function ownBytes(image: GoldenImage): Promise<number> {
  const before = known.get(image);
  if (before) return before;
  const sizes = Promise.all(image.manifest.files.map(({ file }) => allocatedBytes(join(image.directory, file))));
  const sum = sizes.then((bytes) => bytes.reduce((total, one) => total + one, 0));
  known.set(image, sum);
  return sum;
}

/** Returns the bytes on disk of the images below that this one needs: their disks, and the boot files of its base. */
export async function sharedBytes(below: readonly GoldenImage[]): Promise<number> {
  const files = below.flatMap(({ manifest, directory }) => {
    const boot = manifest.base === manifest.id ? bootFilesOf(manifest) : [];
    return [manifest.disk, ...boot].map((file) => join(directory, file));
  });
  const sizes = await Promise.all(files.map(allocatedBytes));
  return sizes.reduce((total, one) => total + one, 0);
}
