/**
 * Makes the folders of daemons, with the modes they need whatever the umask, and names folders that nobody else can
 * pass through.
 */
import { chmodSync, existsSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** A folder that cannot be made or passed through. The message names it. */
export class FolderError extends Error {
  override readonly name = 'FolderError';
  readonly code = 'FOLDER_CLOSED';
}

/** For the folders above: others may pass through. */
const PARENT_MODE = 0o755;
const OTHERS_PASS = 0o001;
const PERMISSIONS = 0o7777;
/** Errors that an operator can correct. For any other error, such as a full disk, the error itself says more. */
const MENDABLE = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ELOOP', 'ENAMETOOLONG'];

/** Makes a folder and those above it, unless they exist. The mode of an existing folder stays. @throws FolderError */
export function makeFolder(path: string, mode: number): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  const parent = dirname(path);
  if (parent !== path) makeFolder(parent, PARENT_MODE);
  try {
    mkdirSync(path, { mode });
    chmodSync(path, mode); // the umask may have taken from it
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
    throw MENDABLE.includes(code) ? new FolderError(`the folder ${path} cannot be made: ${code}`, { cause }) : cause;
  }
}

export interface ClosedFolder {
  readonly path: string;
  /** In octal digits, such as `0700`. */
  readonly mode: string;
}

/**
 * Returns the first folder, from the root on, in a path or in the path behind its links, that other users cannot pass
 * through; machines run as such users. Undefined when there is none, also for a path that does not exist.
 */
export function folderInTheWay(path: string): ClosedFolder | undefined {
  const chains = [resolve(path), ...(existsSync(path) ? [realpathSync(path)] : [])].map(withParents);
  for (const folder of chains.flat()) {
    const found = statSync(folder, { throwIfNoEntry: false });
    if (!found?.isDirectory() || (found.mode & OTHERS_PASS) !== 0) continue;
    return { path: folder, mode: (found.mode & PERMISSIONS).toString(8).padStart(4, '0') };
  }
  return undefined;
}

/** Lists the folders of a path, from the root on. */
function withParents(path: string): readonly string[] {
  const parent = dirname(path);
  return parent !== path ? [...withParents(parent), path] : [path];
}
