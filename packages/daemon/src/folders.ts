/** Folders of daemons: made with the modes they need whatever the umask, and what stands in somebody's way named. */
import { chmodSync, existsSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** A folder that cannot be made, or be passed through. The message names it. */
export class FolderError extends Error {
  override readonly name = 'FolderError';
  readonly code = 'FOLDER_CLOSED';
}

/** For folders on the way: others may pass through. */
const PARENT_MODE = 0o755;
const OTHERS_PASS = 0o001;
/** What an operator can mend. Of anything else, such as a full disk, the error says more. */
const MENDABLE = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ELOOP', 'ENAMETOOLONG'];

/**
 * Makes a folder, and those above it, unless they are there: of one that is there the mode stays. @throws FolderError
 */
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

/**
 * The first folder, from the root on, of a path or of where its links lead, that other users cannot pass through, such
 * as those under whom machines run; undefined when there is none, as of a path that is not there.
 */
export function folderInTheWay(path: string): string | undefined {
  const chains = [resolve(path), ...(existsSync(path) ? [realpathSync(path)] : [])].map(withParents);
  return chains.flat().find((folder) => {
    const found = statSync(folder, { throwIfNoEntry: false });
    return found?.isDirectory() && (found.mode & OTHERS_PASS) === 0;
  });
}

/** From the root on. */
function withParents(path: string): readonly string[] {
  const parent = dirname(path);
  return parent !== path ? [...withParents(parent), path] : [path];
}
