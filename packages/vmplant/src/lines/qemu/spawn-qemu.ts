import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { folderEnvironment } from '@vmgrid/daemon';
import { toolMissing } from '../../host/run-tool.ts';
import type { HostUser } from './host-user.ts';
import { FILES } from './layout.ts';

const LOG_TAIL_LINES = 20;

export interface SpawnOrder {
  readonly binary: string;
  readonly args: readonly string[];
  /** QEMU's working directory. */
  readonly folder: string;
  /** User to become; undefined: stay. */
  readonly user: HostUser | undefined;
  /** Inherited as file descriptor 3. */
  readonly inherit: FileHandle | undefined;
}

/** Arguments of setpriv. Even as the plant's own user QEMU gets no privileges it was not started with. */
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
 * Starts QEMU in a session of its own, so that it outlives the plant and no signal of the plant's terminal reaches it.
 * Its log goes to a file from the first line on. TOOL_MISSING when there is no such program.
 */
export async function spawnQemu({ binary, args, folder, user, inherit }: SpawnOrder): Promise<ChildProcess> {
  const log = await open(join(folder, FILES.log), 'a', 0o640);
  try {
    const child = spawn('setpriv', [...privileges(user), '--', binary, ...args], {
      cwd: folder,
      detached: true,
      env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', ...folderEnvironment(folder) },
      stdio: ['ignore', log.fd, log.fd, inherit?.fd ?? 'ignore'],
    });
    await once(child, 'spawn');
    child.on('error', () => undefined);
    return child;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw toolMissing('setpriv', error);
  } finally {
    await log.close();
  }
}

/** The last lines of QEMU's own log; empty when there is none. */
export async function logTail(folder: string): Promise<string> {
  const log = await readFile(join(folder, FILES.log), 'utf8').catch(() => '');
  return log.trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n');
}
