import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, open } from 'node:fs/promises';
import { folderEnvironment } from '@vmgrid/daemon';
import { toolMissing } from '@vmgrid/host';
import { type ErrorCode, exhaustionIn } from '@vmgrid/protocol';
import { confine } from '../confinement/confinement.ts';
import type { HostUser } from './host-user.ts';

/** The first descriptor after the standard ones. */
export const FIRST_DESCRIPTOR = 3;
const LOG_TAIL_LINES = 20;
/** Most bytes of a log that are ever read: a hypervisor may have been made to write without end. */
const LOG_TAIL_BYTES = 65_536;

export interface SpawnOrder {
  readonly program: string;
  readonly args: readonly string[];
  /** Working directory: the folder that belongs to the machine's user. It changes nothing outside of it. */
  readonly folder: string;
  /** Path of the log. */
  readonly log: string;
  /** The user under which it runs; undefined: the plant's. */
  readonly user: HostUser | undefined;
  /** Inherited as file descriptors from 3 on. */
  readonly inherit?: readonly FileHandle[];
  /** A file that it is to open for reading, though it means to open it for writing as well. */
  readonly readOnly?: string | undefined;
  /** The file into which it writes itself before it runs, to enter the machine's group. */
  readonly entrance?: string | undefined;
}

export interface SpawnedVmm {
  readonly pid: number;
  /** Resolves when it has ended, with the signal that killed it, if there was one. It keeps no process running. */
  readonly ended: Promise<NodeJS.Signals | null>;
}

/** Most processes and threads of a machine with its own user, because they are counted by user. */
export const MOST_PROCESSES = 2_048;

/** Arguments of prlimit. A crash writes no core file, because it would contain the guest's memory. */
const rlimits = (user: HostUser | undefined): string[] => [
  '--core=0:0',
  ...(user === undefined ? [] : [`--nproc=${MOST_PROCESSES}:${MOST_PROCESSES}`]),
];

const NOT_ENTERED = 'vmgrid: the group of the machine could not be entered';
/**
 * A shell that enters a group and then becomes the program. The program and the group are arguments, never text of a
 * command.
 */
const ENTER = `echo 0 > "$1" || { echo '${NOT_ENTERED}'; exit 1; }; shift; exec "$@"`;

/** Returns the error code of a hypervisor that failed at its start, judging by its last output. */
export const startFault = (output: string): ErrorCode =>
  output.includes(NOT_ENTERED) ? 'CGROUP_FAILED' : (exhaustionIn(output) ?? 'VMM_FAILED');

/** Arguments of setpriv. Even under the plant's own user a hypervisor can gain no privileges. */
export function privileges(user: HostUser | undefined): string[] {
  if (user === undefined) return ['--no-new-privs'];
  return [
    '--no-new-privs',
    `--reuid=${user.uid}`,
    `--regid=${user.gid}`,
    user.groups.length === 0 ? '--clear-groups' : `--groups=${user.groups.join(',')}`,
    '--inh-caps=-all',
    '--bounding-set=-all',
  ];
}

/**
 * Starts a hypervisor in a session of its own, so that it outlives the plant and gets no signal of the plant's
 * terminal. Its log goes to a file from the first line on. Throws TOOL_MISSING when the program does not exist.
 */
export async function spawnVmm(order: SpawnOrder): Promise<SpawnedVmm> {
  const { folder, log, inherit = [], readOnly } = order;
  const confinement = await confine(FIRST_DESCRIPTOR + inherit.length, readOnly);
  await using closing = new AsyncDisposableStack();
  for (const one of confinement.files) closing.use(one);
  const logFile = closing.use(await open(log, 'a', 0o640));
  const [file, ...args] = commandOf(order, confinement.command);
  try {
    const child = spawn(file, args, {
      cwd: folder,
      detached: true,
      env: {
        ...{ PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C' },
        ...folderEnvironment(folder),
        ...confinement.environment,
      },
      stdio: ['ignore', logFile.fd, logFile.fd, ...[...inherit, ...confinement.files].map(({ fd }) => fd)],
    });
    // It may end during the following wait.
    const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once('exit', (_, signal) => resolve(signal)));
    await once(child, 'spawn');
    child.on('error', () => undefined);
    child.unref();
    return { pid: child.pid!, ended };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw toolMissing(file, error);
  }
}

function commandOf({ program, args, user, entrance }: SpawnOrder, confined: readonly string[]): [string, ...string[]] {
  const unprivileged = ['setpriv', ...privileges(user), '--', ...confined, program, ...args];
  const limited = ['prlimit', ...rlimits(user), '--', ...unprivileged] as const;
  return entrance === undefined ? [...limited] : ['sh', '-c', ENTER, 'sh', entrance, ...limited];
}

/** Returns the last lines of a log; empty when there is none. */
export async function logTail(path: string): Promise<string> {
  const log = await readTail(path).catch(() => '');
  return log.trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n');
}

async function readTail(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const position = Math.max(0, size - LOG_TAIL_BYTES);
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(LOG_TAIL_BYTES), position });
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
