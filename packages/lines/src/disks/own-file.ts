import { lchown, lstat, rename } from 'node:fs/promises';
import { GridError } from '@vmgrid/protocol';

/**
 * Moves a file that a machine's user has written into a folder of the plant, and makes the plant its owner. It checks
 * the file after the move, because before that it could still be exchanged. @throws GridError VMM_FAILED when it is a
 * link, or has another name too
 */
export async function takeOwnFile(from: string, to: string, uid: number | undefined): Promise<void> {
  if (from !== to) await rename(from, to);
  const found = await lstat(to);
  if (!found.isFile() || found.nlink !== 1) {
    throw new GridError('VMM_FAILED', `${to} of the frozen machine is not a file of its own`, { path: to });
  }
  if (uid !== undefined) await lchown(to, 0, 0);
}
