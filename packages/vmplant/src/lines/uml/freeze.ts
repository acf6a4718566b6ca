import { lchown, lstat, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { GridError } from '@vmgrid/protocol';
import type { FrozenFiles } from '../production-line.ts';
import { runFolder } from '../run-folder.ts';
import { FILES } from './layout.ts';
import type { UmlState } from './machine-state.ts';

/**
 * Moves the disk of a build that has ended from UML's folder to the machine's, and makes it the plant's own. Looked at after the
 * move: before, it could still be exchanged.
 */
export async function collectDisk({ directory, uid }: UmlState): Promise<FrozenFiles> {
  const path = join(directory, FILES.raw);
  await rename(join(runFolder(directory), FILES.raw), path);
  const found = await lstat(path);
  if (!found.isFile() || found.nlink !== 1) {
    throw new GridError('VMM_FAILED', `${FILES.raw} of the frozen machine is not a file of its own`, { path });
  }
  if (uid !== undefined) await lchown(path, 0, 0);
  return { disk: FILES.raw, diskFormat: 'raw' };
}
