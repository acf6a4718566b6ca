/** Decides which file of a group gets which text (Documentation/admin-guide/cgroup-v2.rst of the kernel). Pure. */
import type { MachineSpec } from '@vmgrid/protocol';
import type { CgroupConfig, Controller } from './cgroup-config.ts';

export interface GroupFile {
  readonly file: string;
  readonly text: string;
  /** Whether the host may lack the file although it has the controller. The limit is then left out. */
  readonly optional?: boolean;
}

type Machine = Pick<MachineSpec, 'memoryMiB' | 'cpus'>;
type Limits = Omit<CgroupConfig, 'parent'>;

const MIB = 1_048_576;
/** Processor time is given out in periods of this many microseconds. */
const PERIOD_US = 100_000;

const OF_CONTROLLER: Readonly<Record<Controller, (machine: Machine, limits: Limits) => readonly GroupFile[]>> = {
  cpu: ({ cpus }, { cpuWeight }) => [
    { file: 'cpu.weight', text: `${cpuWeight}` },
    { file: 'cpu.max', text: `${cpus * PERIOD_US} ${PERIOD_US}` },
  ],
  memory: ({ memoryMiB }, { overheadMiB }) => [
    { file: 'memory.max', text: `${(memoryMiB + overheadMiB) * MIB}` },
    // No swap: memory over the limit goes nowhere else. A host without swap accounting has no such file.
    { file: 'memory.swap.max', text: '0', optional: true },
    // A machine that lost one of its processes is useless, so all are killed together.
    { file: 'memory.oom.group', text: '1' },
  ],
  pids: (_, { processes }) => [{ file: 'pids.max', text: `${processes}` }],
  io: (_, { ioWeight }) => [{ file: 'io.weight', text: `default ${ioWeight}`, optional: true }],
};

/** Returns the files of a machine's group, in the order in which they are written. */
export const limitsOf = (machine: Machine, limits: Limits): readonly GroupFile[] =>
  limits.controllers.flatMap((controller) => OF_CONTROLLER[controller](machine, limits));

/** Returns the text for `cgroup.subtree_control` that gives groups below these controllers; undefined for none. */
export const enabling = (controllers: readonly Controller[]): string | undefined =>
  controllers.length === 0 ? undefined : controllers.map((name) => `+${name}`).join(' ');

/** Returns the wanted controllers that `cgroup.controllers` of a group does not list. */
export function missingControllers(wanted: readonly Controller[], listed: string): readonly Controller[] {
  const there = new Set(listed.trim().split(/\s+/));
  return wanted.filter((name) => !there.has(name));
}
