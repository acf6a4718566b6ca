import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, open } from 'node:fs/promises';
import { folderEnvironment } from '@vmgrid/daemon';
import { toolMissing } from '../host/run-tool.ts';
import type { HostUser } from './host-user.ts';

const LOG_TAIL_LINES = 20;
/** No more of a log is ever read: a hypervisor may have been made to write without end. */
const LOG_TAIL_BYTES = 65_536;

export interface SpawnOrder {
  readonly program: string;
  readonly args: readonly string[];
  /** Working directory: the folder that belongs to the machine's user. */
  readonly folder: string;
  /** Path of the log. */
  readonly log: string;
  /** User to become; undefined: stay. */
  readonly user: HostUser | undefined;
  /** Inherited as file descriptors from 3 on. */
  readonly inherit?: readonly FileHandle[];
}

/** Arguments of setpriv. Even as the plant's own user a hypervisor gets no privileges it was not started with. */
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
 * Starts a hypervisor in a session of its own, so that it outlives the plant and no signal of the plant's terminal reaches it.
 * Its log goes to a file from the first line on. TOOL_MISSING when there is no such program.
 */
export async function spawnVmm({ program, args, folder, log, user, inherit = [] }: SpawnOrder): Promise<ChildProcess> {
  const logFile = await open(log, 'a', 0o640);
  try {
    const child = spawn('setpriv', [...privileges(user), '--', program, ...args], {
      cwd: folder,
      detached: true,
      env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', ...folderEnvironment(folder) },
      stdio: ['ignore', logFile.fd, logFile.fd, ...inherit.map((file) => file.fd)],
    });
    await once(child, 'spawn');
    child.on('error', () => undefined);
    return child;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw toolMissing('setpriv', error);
  } finally {
    await logFile.close();
  }
}

/** The last lines of a log; empty when there is none. */
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
