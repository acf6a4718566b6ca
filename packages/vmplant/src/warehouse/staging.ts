/**
 * Where images grow before they are promoted: `staging/NAME/` with an `owner.json` that names the process at work.
 * What a dead process of this host left there is swept; other hosts that share the warehouse sweep their own.
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
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
}

/** A folder of its own for one image to be, readable but not writable by others. */
export class Staging {
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
  }

  /** Where the files of the image are made; empty at first. */
  get directory(): string {
    return join(this.#root, 'work');
  }

  /** Where the image is put together before it is renamed into the warehouse. */
  get imageDirectory(): string {
    return join(this.#root, 'image');
  }

  static async create(root: string): Promise<Staging> {
    const staging = new Staging(join(root, uuid()));
    const self = identifyProcess(process.pid);
    if (!self) throw new Error('this process is not in /proc');
    const owner: Owner = { ...self, host: hostname() };
    await mkdir(staging.#root, { mode: 0o755 });
    await writeFileAtomically(join(staging.#root, 'owner.json'), JSON.stringify(owner), 0o644);
    await mkdir(staging.directory, { mode: 0o755 });
    await mkdir(staging.imageDirectory, { mode: 0o755 });
    return staging;
  }

  /** Takes the folder and all in it away. Idempotent. */
  async discard(): Promise<void> {
    await rm(this.#root, { recursive: true, force: true });
  }
}

const KILL_DEADLINE_MS = 5_000;

/** Removes what dead processes of this host left behind, the machines that still run there first; returns the names. */
export async function sweepStaging(root: string): Promise<readonly string[]> {
  const swept: string[] = [];
  for (const entry of await readdir(root, { withFileTypes: true })) {
    if (!entry.isDirectory() || !(await isAbandoned(join(root, entry.name)))) continue;
    await killProcessesOf(join(root, entry.name), KILL_DEADLINE_MS);
    await rm(join(root, entry.name), { recursive: true, force: true, maxRetries: 5 }); // another may sweep it too
    swept.push(entry.name);
  }
  return swept;
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
