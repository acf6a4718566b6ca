import { GridError, validate } from '@vmgrid/protocol';
import { filesOf } from '../images/image-files.ts';
import { Manifest } from '../images/manifest.ts';

/** @throws GridError ARCHIVE_INVALID unless the value is a manifest of this image */
export function validateArchived(value: unknown, id: string): Manifest {
  const manifest = validate(Manifest, value, { code: 'ARCHIVE_INVALID', subject: `manifest of ${id}` });
  if (manifest.id === id) return manifest;
  throw new GridError('ARCHIVE_INVALID', `the manifest of ${id} is of the image ${manifest.id}`, { imageId: id });
}

/**
 * Checks whether a manifest from an archive is credible, given the ids of the images before it.
 * @throws GridError ARCHIVE_INVALID
 */
export function requireConsistent(manifest: Manifest, before: { has(id: string): boolean }): void {
  const { id, base, parent, diskFormat, files, disk, machine } = manifest;
  const refuse = (reason: string): never => {
    throw new GridError('ARCHIVE_INVALID', `the manifest of ${id} ${reason}`, { imageId: id });
  };
  if (manifest.madeFor !== undefined) refuse(`was made for one use alone, ${manifest.madeFor}`);
  const isBase = base === id;
  const names = files.map(({ file }) => file);
  const wanted = filesOf(manifest);
  if (names.length !== wanted.length || names.some((name, index) => name !== wanted[index])) {
    refuse(`lists the files ${names.join(', ')}, but needs ${wanted.join(', ')}`);
  }
  if (new Set([...names, 'manifest.json']).size !== names.length + 1) refuse('names a file twice');
  if (isBase !== (parent === undefined)) refuse('has a base but no parent, or a parent but no base');
  if (isBase !== (diskFormat === 'raw')) refuse(`has a ${diskFormat} disk`);
  for (const below of [parent ?? id, base]) {
    if (below !== id && !before.has(below)) refuse(`stands on ${below}, which does not come before it`);
  }
  const diskBytes = files.find(({ file }) => file === disk)!.bytes;
  if (isBase && diskBytes > machine.diskMiB * 1_048_576) refuse(`has a disk of ${diskBytes} bytes, larger than stated`);
}
