/**
 * Where images grow before they are promoted: `staging/NAME/` with an `owner.json` that names the process at work.
 * What a dead process of this host left there is swept; other hosts that share the warehouse sweep their own.
 */
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import {
  identifyProcess,
  isAlive,
  killProcessesOf,
  type ProcessIdentity,
  readFileIfAny,
  writeFileAtomically,
} from '@vmgrid/daemon';
import { v4 as uuid } from 'uuid';

interface Owner extends ProcessIdentity {
  readonly host: string;
  /** The image that shall come of it, when that is known already: others need not make it too. */
  readonly imageId?: string;
}

/**
 * A file of this name in the folder of a machine: its process is a daemon's of the host, where only its line finds and ends it,
 * and then takes the file away.
 */
export const KEPT_BY_DAEMON = 'domain.uuid';

/** What a process of another host claims counts no longer than this: whether it still lives cannot be seen from here. */
export const FOREIGN_CLAIM_MS = 3_600_000;

/** A folder of its own for one image to be, readable but not writable by others. */
export class Staging {
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
  }

  /** Where the files of the image are made; empty at first. */
  get directory(): string {
    return join(this.#root, WORK);
  }

  /** Where the image is put together before it is renamed into the warehouse. */
  get imageDirectory(): string {
    return join(this.#root, 'image');
  }

  static async create(root: string, imageId?: string): Promise<Staging> {
    const staging = new Staging(join(root, uuid()));
    const self = identifyProcess(process.pid);
    if (!self) throw new Error('this process is not in /proc');
    const owner: Owner = { ...self, host: hostname(), ...(imageId === undefined ? {} : { imageId }) };
    try {
      await staging.#make(owner);
      return staging;
    } catch (error) {
      await staging.discard(); // without its owner's name nobody would sweep it
      throw error;
    }
  }

  async #make(owner: Owner): Promise<void> {
    await mkdir(this.#root, { mode: 0o755 });
    await writeFileAtomically(join(this.#root, 'owner.json'), JSON.stringify(owner), 0o644);
    await mkdir(this.directory, { mode: 0o755 });
    await mkdir(this.imageDirectory, { mode: 0o755 });
  }

  /** Takes the folder and all in it away. Idempotent. */
  async discard(): Promise<void> {
    await rm(this.#root, { recursive: true, force: true });
  }
}

const KILL_DEADLINE_MS = 5_000;
const WORK = 'work';

/** Ends whatever machine still runs in a folder. Rejects when it does not end. */
export type EndMachine = (directory: string) => Promise<void>;

/** Removes what dead processes of this host left behind, the machines that still run there first; returns the names. */
export async function sweepStaging(root: string, end: EndMachine = endProcesses): Promise<readonly string[]> {
  const swept: string[] = [];
  for (const entry of await readdir(root, { withFileTypes: true })) {
    const folder = join(root, entry.name);
    if (!entry.isDirectory() || !(await isAbandoned(folder))) continue;
    if (!(await hasEnded(join(folder, WORK), end))) continue;
    await rm(folder, { recursive: true, force: true, maxRetries: 5 }); // another may sweep it too
    swept.push(entry.name);
  }
  return swept;
}

/** What needs a line that whoever sweeps does not have stays for one who has. */
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
  const file = join(directory, 'owner.json');
  const owner = parseOwner((await readFileIfAny(file)) ?? '');
  if (owner?.imageId === undefined) return undefined;
  if (owner.host === hostname()) return isAlive(owner) ? owner.imageId : undefined;
  const made = await stat(file).catch(() => undefined);
  return made && Date.now() - made.mtimeMs < FOREIGN_CLAIM_MS ? owner.imageId : undefined;
}

async function isAbandoned(directory: string): Promise<boolean> {
  const text = await readFileIfAny(join(directory, 'owner.json'));
  if (text === undefined) return false; // just being made, or not ours to judge
  const owner = parseOwner(text);
  return owner?.host === hostname() && !isAlive(owner);
}

function parseOwner(text: string): Owner | undefined {
  try {
    return JSON.parse(text) as Owner;
  } catch {
    return undefined;
  }
}
