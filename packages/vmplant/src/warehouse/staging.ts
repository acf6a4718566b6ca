/**
 * Where images grow before they are promoted: `staging/NAME/` with an `owner.json` that names the process at work.
 * What a dead process of this host left there is swept; other hosts that share the warehouse sweep their own.
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { identifyProcess, isAlive, type ProcessIdentity, readFileIfAny, writeFileAtomically } from '@vmgrid/daemon';
import { v4 as uuid } from 'uuid';

interface Owner extends ProcessIdentity {
  readonly host: string;
}

/** A folder of its own for one image to be, readable but not writable by others. */
export class Staging {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async create(root: string): Promise<Staging> {
    const directory = join(root, uuid());
    await mkdir(directory, { mode: 0o755 });
    const self = identifyProcess(process.pid);
    if (!self) throw new Error('this process is not in /proc');
    const owner: Owner = { ...self, host: hostname() };
    await writeFileAtomically(join(directory, 'owner.json'), JSON.stringify(owner), 0o644);
    return new Staging(directory);
  }

  /** Takes the folder and all in it away. Idempotent. */
  async discard(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** Removes what dead processes of this host left behind; returns the names. */
export async function sweepStaging(root: string): Promise<readonly string[]> {
  const swept: string[] = [];
  for (const name of await readdir(root)) {
    if (!(await isAbandoned(join(root, name)))) continue;
    await rm(join(root, name), { recursive: true, force: true });
    swept.push(name);
  }
  return swept;
}

async function isAbandoned(directory: string): Promise<boolean> {
  const text = await readFileIfAny(join(directory, 'owner.json'));
  if (text === undefined) return false; // just being made, or not ours to judge
  const owner = JSON.parse(text) as Owner;
  return owner.host === hostname() && !isAlive(owner);
}
