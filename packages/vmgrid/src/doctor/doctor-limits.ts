/** Checks the means that this host has to limit machines, for `vmgrid doctor`. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cgroup2MountOf } from '@vmgrid/daemon';

export interface LimitsFinding {
  /** Controllers that groups of cgroup v2 can have here; undefined when it is not mounted. */
  readonly controllers: readonly string[] | undefined;
  /** Controllers that the limits of machines need and that are missing. */
  readonly missing: readonly string[];
  /** The consequence, and the next step. */
  readonly note: string;
}

const WANTED = ['cpu', 'memory', 'pids', 'io'];
const TO_UNIFIED = 'boot with systemd.unified_cgroup_hierarchy=1';
const MEANWHILE = 'until then machines have rlimits alone (no core files, 2048 processes each)';

export async function examineLimits(): Promise<LimitsFinding> {
  const mount = cgroup2MountOf(await readFile('/proc/self/mountinfo', 'utf8'));
  const listed = mount && (await readFile(join(mount, 'cgroup.controllers'), 'utf8').catch(() => ''));
  return limitsFinding(listed?.trim().split(/\s+/));
}

/** Pure. `controllers`: those of cgroup v2; undefined when it is not mounted. */
export function limitsFinding(controllers: readonly string[] | undefined): LimitsFinding {
  const missing = WANTED.filter((name) => !controllers?.includes(name));
  return { controllers, missing, note: noteOf(controllers, missing) };
}

function noteOf(controllers: readonly string[] | undefined, missing: readonly string[]): string {
  if (controllers === undefined) return `cgroup v2 is not mounted: ${TO_UNIFIED}; ${MEANWHILE}`;
  if (missing.length === 0) return 'machines can be limited: set `cgroup.parent` in the configuration of the plant';
  return `cgroup v2 lacks ${missing.join(', ')}, as where cgroup v1, which is not supported, has them: ${TO_UNIFIED}; ${MEANWHILE}`;
}
