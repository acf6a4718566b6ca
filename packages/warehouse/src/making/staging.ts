/**
 * Folders in which images are made before they are promoted, `staging/NAME/`. The name identifies the process at work
 * (`work-name.ts`), so the folder has an owner from its first moment to its last. A sweep removes what dead processes
 * of this host left.
 */
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { killProcessesOf, readFileIfAny, writeFileAtomically } from '@vmgrid/daemon';
import { isAbandoned, isAtWork, isOfThisHost, newWorkName, ownerOfWork } from './work-name.ts';

/**
 * A file of this name in a machine's folder means that a daemon of the host runs the machine. Only the machine's line
 * can find and end it, and then removes the file.
 */
export const KEPT_BY_DAEMON = 'domain.uuid';

/**
 * A claim of a process on another host expires after this many milliseconds, because from here nobody can see whether
 * it is alive.
 */
export const FOREIGN_CLAIM_MS = 3_600_000;

/** A folder for one future image. Others may read it and may not write it. */
export class Staging {
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
  }

  /** The folder in which the files of the image are made; empty at first. */
  get directory(): string {
    return join(this.#root, WORK);
  }

  /** The folder in which the image is assembled before it is renamed into the warehouse. */
  get imageDirectory(): string {
    return join(this.#root, 'image');
  }

  /** `imageId`: the image that is being made, if that is known already, so that others need not make it too. */
  static async create(root: string, imageId?: string): Promise<Staging> {
    const staging = new Staging(join(root, newWorkName()));
    try {
      await staging.#make(imageId);
      return staging;
    } catch (error) {
      await staging.discard();
      throw error;
    }
  }

  async #make(imageId: string | undefined): Promise<void> {
    await mkdir(this.#root, { mode: 0o755 });
    if (imageId !== undefined) await writeFileAtomically(join(this.#root, CLAIM), imageId, 0o644);
    await mkdir(this.directory, { mode: 0o755 });
    await mkdir(this.imageDirectory, { mode: 0o755 });
  }

  /** Removes the folder with everything in it. Idempotent. */
  async discard(): Promise<void> {
    await rm(this.#root, { recursive: true, force: true });
  }
}

const KILL_DEADLINE_MS = 5_000;
const WORK = 'work';
/** The file that names the image being made. */
const CLAIM = 'image-id';

/** Ends any machine that still runs in a folder. Rejects when it does not end. */
export type EndMachine = (directory: string) => Promise<void>;

/**
 * Removes the folders that dead processes of this host left, after ending machines that still run there; returns the
 * names.
 */
export async function sweepStaging(root: string, end: EndMachine = endProcesses): Promise<readonly string[]> {
  const swept: string[] = [];
  for (const entry of await readdir(root, { withFileTypes: true })) {
    const folder = join(root, entry.name);
    if (!entry.isDirectory() || !isAbandoned(entry.name)) continue;
    if (!(await hasEnded(join(folder, WORK), end))) continue;
    await rm(folder, { recursive: true, force: true, maxRetries: 5 }); // another may sweep it too
    swept.push(entry.name);
  }
  return swept;
}

/** A machine whose line is not available to this sweep stays for one that has it. */
async function hasEnded(directory: string, end: EndMachine): Promise<boolean> {
  try {
    await end(directory);
    return (await readFileIfAny(join(directory, KEPT_BY_DAEMON))) === undefined;
  } catch {
    return false;
  }
}

async function endProcesses(directory: string): Promise<void> {
  const remaining = await killProcessesOf(directory, KILL_DEADLINE_MS);
  if (remaining.length > 0) throw new Error(`processes in ${directory} do not end`);
}

/** Whether a process is making this image. */
export async function isClaimed(root: string, imageId: string): Promise<boolean> {
  const claims = await Promise.all((await readdir(root)).map((name) => claimOf(join(root, name))));
  return claims.includes(imageId);
}

async function claimOf(directory: string): Promise<string | undefined> {
  const file = join(directory, CLAIM);
  const owner = ownerOfWork(basename(directory));
  const imageId = await readFileIfAny(file);
  if (owner === undefined || imageId === undefined) return undefined;
  if (isOfThisHost(owner)) return isAtWork(owner) ? imageId : undefined;
  const made = await stat(file).catch(() => undefined);
  return made && Date.now() - made.mtimeMs < FOREIGN_CLAIM_MS ? imageId : undefined;
}
