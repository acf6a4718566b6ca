import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cgroup2MountOf } from '@vmgrid/daemon';

/** A group of the kernel's for the tests of a file. */
export interface CgroupParent {
  /** Why this host has none for this user; undefined when it has. */
  readonly why: string | undefined;
  readonly path: string;
  readonly controllers: readonly string[];
  remove(): void;
}

const none = (why: string): CgroupParent => ({ why, path: '', controllers: [], remove: () => undefined });

/** Makes it at the top, whose controllers no other group takes away. Only root may. */
export function makeCgroupParent(): CgroupParent {
  const mount = cgroup2MountOf(readFileSync('/proc/self/mountinfo', 'utf8'));
  if (mount === undefined) return none('cgroup v2 is not mounted');
  const path = join(mount, `vmgrid-test-${process.pid}`);
  try {
    mkdirSync(path);
    return { why: undefined, path, controllers: enable(mount, path), remove: () => removeBelow(path) };
  } catch (error) {
    return none(`no group can be made: ${(error as Error).message}`);
  }
}

/** Returns the host's controllers that can be passed down, after enabling them. */
function enable(mount: string, path: string): readonly string[] {
  for (const name of ['cpu', 'memory', 'pids', 'io']) {
    try {
      writeFileSync(join(mount, 'cgroup.subtree_control'), `+${name}`);
    } catch {
      // bound to cgroup v1, or not in this kernel
    }
  }
  return readFileSync(join(path, 'cgroup.controllers'), 'utf8').trim().split(/\s+/);
}

function removeBelow(path: string): void {
  const below = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of below) removeBelow(join(path, name));
  rmdirSync(path);
}
