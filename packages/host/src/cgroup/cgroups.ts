/**
 * A control group (cgroup v2) for each machine:
 *
 *   PARENT/               given by the operator, or the plant's own
 *     daemon/             the plant itself, when the parent is its own: only leaf groups may have processes
 *     NAME/               of a plant, so that plants may share a parent
 *       FOLDER-DIGEST/    one machine
 *
 * A machine's group is derived from its folder alone, so it is found again wherever the plant was killed.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { cgroup2MountOf, groupPathOf, within } from '@vmgrid/daemon';
import { type ErrorDetails, GridError } from '@vmgrid/protocol';
import type { MachineGroups } from '../machine-groups.ts';
import type { CgroupConfig } from './cgroup-config.ts';
import { type CgroupFolders, cgroupFolders } from './cgroup-folder.ts';
import { enabling, type GroupFile, limitsOf, missingControllers } from './group-limits.ts';

/** Milliseconds in which the processes of a group must end once they are told. */
const END_DEADLINE_MS = 5_000;
const OWN_LEAF = 'daemon';

export interface CgroupsOptions extends CgroupConfig {
  /** No other plant below the parent has it: a plant that starts ends the groups of its name that it does not know. */
  readonly name: string;
}

export class Cgroups implements MachineGroups {
  readonly #root: string;
  readonly #limits: CgroupConfig;
  readonly #folders: CgroupFolders;

  private constructor(root: string, limits: CgroupConfig, folders: CgroupFolders) {
    this.#root = root;
    this.#limits = limits;
    this.#folders = folders;
  }

  /** @throws GridError CGROUP_FAILED when the host has no such group, or lacks a controller that is needed */
  static async open({ name, ...config }: CgroupsOptions, folders = cgroupFolders): Promise<Cgroups> {
    const parent = config.parent === 'own' ? await ownGroup(folders) : config.parent;
    await requireControllers(parent, config, folders);
    const root = join(parent, name);
    const enabled = enabling(config.controllers);
    for (const path of [parent, root]) {
      if (path === root) await makeUnlessThere(path, folders);
      if (enabled !== undefined) await write(path, { file: 'cgroup.subtree_control', text: enabled }, folders);
    }
    return new Cgroups(root, config, folders);
  }

  async make(directory: string, machine: Parameters<MachineGroups['make']>[1]): Promise<void> {
    const path = this.#pathOf(directory);
    await this.remove(directory);
    await makeUnlessThere(path, this.#folders);
    try {
      for (const limit of limitsOf(machine, this.#limits)) await write(path, limit, this.#folders);
    } catch (error) {
      await this.remove(directory);
      throw error;
    }
  }

  entrance(directory: string): string | undefined {
    const path = this.#pathOf(directory);
    return existsSync(path) ? join(path, 'cgroup.procs') : undefined;
  }

  remove(directory: string): Promise<void> {
    return this.#remove(this.#pathOf(directory));
  }

  /** Removes the groups that an earlier run of the plant left, except those of these folders. */
  async removeAllBut(directories: readonly string[]): Promise<void> {
    const kept = new Set(directories.map((directory) => this.#pathOf(directory)));
    const entries = await readdir(this.#root, { withFileTypes: true });
    const groups = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(this.#root, name));
    for (const path of groups) if (!kept.has(path)) await this.#remove(path);
  }

  #pathOf(directory: string): string {
    const digest = createHash('sha256').update(directory).digest('hex').slice(0, 12);
    return join(this.#root, `${basename(directory)}-${digest}`);
  }

  async #remove(path: string): Promise<void> {
    try {
      await this.#folders.kill(path);
      const full = (ms: number) => failed(`the processes in the group ${path} did not end within ${ms} ms`, { path });
      await within({ ms: END_DEADLINE_MS, late: full }, (until) => this.#folders.emptied(path, until));
      await this.#folders.remove(path);
    } catch (cause) {
      if (!existsSync(path)) return;
      if (cause instanceof GridError) throw cause;
      throw failed(`the group ${path} could not be ended and removed`, { path }, cause);
    }
  }
}

/**
 * Returns the group in which this process was started. The process moves into one below it, so that others can be made
 * beside.
 */
async function ownGroup(folders: CgroupFolders): Promise<string> {
  const [mountinfo, cgroup] = await Promise.all(
    ['/proc/self/mountinfo', '/proc/self/cgroup'].map((file) => readFile(file, 'utf8')),
  );
  const [mount, path] = [cgroup2MountOf(mountinfo!), groupPathOf(cgroup!)];
  if (mount === undefined || path === undefined) throw failed('cgroup v2 is not mounted on this host', {});
  const parent = basename(path) === OWN_LEAF ? join(mount, path, '..') : join(mount, path);
  const leaf = join(parent, OWN_LEAF);
  await makeUnlessThere(leaf, folders);
  await write(leaf, { file: 'cgroup.procs', text: `${process.pid}` }, folders);
  return parent;
}

async function requireControllers(parent: string, { controllers }: CgroupConfig, folders: CgroupFolders) {
  if (!(await folders.isGroup(parent))) throw failed(`${parent} is no group of cgroup v2`, { path: parent });
  const listed = await readFile(join(parent, 'cgroup.controllers'), 'utf8');
  const missing = missingControllers(controllers, listed);
  if (missing.length === 0) return;
  const there = listed.trim() || 'none';
  const message = `${parent} has no controllers ${missing.join(', ')}; it has: ${there}`;
  throw failed(message, { path: parent, missing });
}

async function makeUnlessThere(path: string, folders: CgroupFolders): Promise<void> {
  try {
    await folders.make(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw failed(`the group ${path} could not be made`, { path }, cause);
  }
}

async function write(path: string, { file, text, optional = false }: GroupFile, folders: CgroupFolders): Promise<void> {
  try {
    await folders.write(path, file, text);
  } catch (cause) {
    if (optional) return;
    throw failed(`${text} could not be written to ${join(path, file)}`, { path, file, text }, cause);
  }
}

function failed(what: string, details: ErrorDetails, cause?: unknown): GridError {
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  return new GridError('CGROUP_FAILED', `${what}${why}`, details, { cause });
}
