/**
 * The process of a simulated machine. It sleeps, and is small enough for thousands on a host. It outlives its plant as
 * a hypervisor does. It holds the writing end of a named pipe, so whoever has the reading end open learns of its end,
 * whether it is a child or not.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, openSync } from 'node:fs';
import { open, rm, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import {
  folderEnvironment,
  identifyProcess,
  isAlive,
  type ProcessIdentity,
  readFileIfAny,
  signalProcess,
  waitUntilGone,
} from '@vmgrid/daemon';
import { runTool } from '@vmgrid/host';
import { GridError } from '@vmgrid/protocol';
import { LIFE_PIPE, PROCESS_FILE, runFolder } from './layout.ts';

/** Learns of the end of a machine's process. */
export interface LifeWatch {
  /** Resolves when the process has ended; never after `close`. */
  readonly ended: Promise<void>;
  close(): void;
}

const pipeOf = (directory: string): string => join(runFolder(directory), LIFE_PIPE);

export async function makeLifePipe(directory: string, signal: AbortSignal): Promise<void> {
  const failure = { code: 'VMM_FAILED', message: 'the pipe of a simulated machine could not be made' } as const;
  await runTool('mkfifo', ['-m', '600', pipeOf(directory)], { signal, failure });
}

/** Removes the files that a process leaves. */
export async function removeTraces(directory: string): Promise<void> {
  await rm(pipeOf(directory), { force: true });
  await rm(join(runFolder(directory), PROCESS_FILE), { force: true });
}

/** Returns the living process of a machine's folder, if it was recorded. */
export async function findProcess(directory: string): Promise<ProcessIdentity | undefined> {
  const noted = await readFileIfAny(join(runFolder(directory), PROCESS_FILE));
  const identity = noted === undefined || noted === '' ? undefined : (JSON.parse(noted) as ProcessIdentity);
  return identity && isAlive(identity) ? identity : undefined;
}

/** Watches the process that holds the pipe of a machine's folder. A process that is gone already counts as ended. */
export function watchLife(directory: string): LifeWatch {
  const fd = openSync(pipeOf(directory), constants.O_RDONLY | constants.O_NONBLOCK);
  const socket = new Socket({ fd, readable: true, writable: false });
  socket.on('error', () => undefined);
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  socket.once('end', () => {
    socket.destroy();
    resolve();
  });
  socket.resume();
  return { ended, close: () => void socket.destroy() };
}

/**
 * Starts the process, which ends by itself after a while if it shall. Its pipe must exist, and somebody must have it
 * open for reading.
 * @throws GridError VMM_FAILED
 */
export async function startProcess(directory: string, endsAfterSeconds: number | undefined): Promise<ProcessIdentity> {
  const folder = runFolder(directory);
  const pipe = await open(pipeOf(directory), 'w');
  try {
    const child = spawn('sleep', [endsAfterSeconds === undefined ? 'infinity' : endsAfterSeconds.toFixed(3)], {
      cwd: folder,
      detached: true,
      env: { PATH: process.env.PATH ?? '/usr/bin:/bin', ...folderEnvironment(folder) },
      stdio: ['ignore', pipe.fd, 'ignore'],
    });
    await once(child, 'spawn');
    child.unref();
    const identity = identifyProcess(child.pid!);
    if (identity) {
      await note(identity, folder);
      return identity;
    }
  } finally {
    await pipe.close();
  }
  throw new GridError('VMM_FAILED', 'the process of a simulated machine ended at once');
}

const KILL_DEADLINE_MS = 5_000;

/** A process that cannot be recorded would be lost, so it is ended. */
async function note(identity: ProcessIdentity, folder: string): Promise<void> {
  try {
    await writeFile(join(folder, PROCESS_FILE), JSON.stringify(identity), { mode: 0o600 });
  } catch (error) {
    signalProcess(identity, 'SIGKILL');
    await waitUntilGone(identity, KILL_DEADLINE_MS);
    throw error;
  }
}
