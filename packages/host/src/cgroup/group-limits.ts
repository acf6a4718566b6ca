/** Which file of a group gets which text (Documentation/admin-guide/cgroup-v2.rst of the kernel). Pure. */
import type { MachineSpec } from '@vmgrid/protocol';
import type { CgroupConfig, Controller } from './cgroup-config.ts';

export interface GroupFile {
  readonly file: string;
  readonly text: string;
  /** Whether the host may lack the file though it has the controller: its limit is left out then. */
  readonly optional?: boolean;
}

type Machine = Pick<MachineSpec, 'memoryMiB' | 'cpus'>;
type Limits = Omit<CgroupConfig, 'parent'>;

const MIB = 1_048_576;
/** Time of processors is given out in pieces of this many microseconds. */
const PERIOD_US = 100_000;

const OF_CONTROLLER: Readonly<Record<Controller, (machine: Machine, limits: Limits) => readonly GroupFile[]>> = {
  cpu: ({ cpus }, { cpuWeight }) => [
    { file: 'cpu.weight', text: `${cpuWeight}` },
    { file: 'cpu.max', text: `${cpus * PERIOD_US} ${PERIOD_US}` },
  ],
  memory: ({ memoryMiB }, { overheadMiB }) => [
    { file: 'memory.max', text: `${(memoryMiB + overheadMiB) * MIB}` },
    // What is over goes nowhere else. A host without swap, or that does not count it, has no such file.
    { file: 'memory.swap.max', text: '0', optional: true },
    // A machine without one of its processes is of no use.
    { file: 'memory.oom.group', text: '1' },
  ],
  pids: (_, { processes }) => [{ file: 'pids.max', text: `${processes}` }],
  io: (_, { ioWeight }) => [{ file: 'io.weight', text: `default ${ioWeight}`, optional: true }],
};

/** The files of one machine's group, in the order in which they are written. */
export const limitsOf = (machine: Machine, limits: Limits): readonly GroupFile[] =>
  limits.controllers.flatMap((controller) => OF_CONTROLLER[controller](machine, limits));

/** What to write into `cgroup.subtree_control`, so that groups below have these controllers; undefined for none. */
export const enabling = (controllers: readonly Controller[]): string | undefined =>
  controllers.length === 0 ? undefined : controllers.map((name) => `+${name}`).join(' ');

/** Those that `cgroup.controllers` of a group does not list. */
export function missingControllers(wanted: readonly Controller[], listed: string): readonly Controller[] {
  const there = new Set(listed.trim().split(/\s+/));
  return wanted.filter((name) => !there.has(name));
}
