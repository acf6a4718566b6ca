/**
 * Named pipes. A program that inherits both ends never sees an end of file, and later programs open the pipes again by
 * name.
 */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Socket } from 'node:net';
import type { CommandRunner } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import { runTool } from './run-tool.ts';

/** Makes named pipes that only this user may open. */
export async function makeFifos(paths: readonly string[], run: CommandRunner, signal: AbortSignal): Promise<void> {
  const failure = { code: 'VMM_FAILED', message: 'the pipes to the machine could not be made' } as const;
  await runTool('mkfifo', ['-m', '600', ...paths], { run, signal, failure });
}

/** Opens both ends at once, to be inherited. */
export const holdFifo = (path: string): Promise<FileHandle> =>
  open(path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW);

/** Opens the end to read from. It closes when nobody has the other end open. */
export const readFifo = (path: string): Socket =>
  new Socket({ fd: openFifo(path, constants.O_RDONLY), readable: true, writable: false });

/** Opens the end to write to. Fails with ENXIO when nobody has the other end open. */
export const writeFifo = (path: string): Socket =>
  new Socket({ fd: openFifo(path, constants.O_WRONLY), readable: false, writable: true });

/**
 * Opens a descriptor that a socket will own and on which the kernel reports readiness, so no thread waits in a read.
 * The opening itself does not wait.
 */
function openFifo(path: string, access: number): number {
  const fd = openSync(path, access | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  if (fstatSync(fd).isFIFO()) return fd;
  closeSync(fd);
  throw new GridError('VMM_FAILED', `${path} is no pipe`, { path });
}
