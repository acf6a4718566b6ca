/**
 * Named pipes: a program that inherits both ends never sees an end of file, and whoever comes later opens them again by
 * name.
 */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Socket } from 'node:net';
import type { CommandRunner } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import { runTool } from './run-tool.ts';

/** Makes named pipes that only this user opens. */
export async function makeFifos(paths: readonly string[], run: CommandRunner, signal: AbortSignal): Promise<void> {
  const failure = { code: 'VMM_FAILED', message: 'the pipes to the machine could not be made' } as const;
  await runTool('mkfifo', ['-m', '600', ...paths], { run, signal, failure });
}

/** Both ends at once, to be inherited. */
export const holdFifo = (path: string): Promise<FileHandle> =>
  open(path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW);

/** The end that is read. It closes when nobody holds the other one. */
export const readFifo = (path: string): Socket =>
  new Socket({ fd: openFifo(path, constants.O_RDONLY), readable: true, writable: false });

/** The end that is written to. Fails with ENXIO when nobody holds the other one. */
export const writeFifo = (path: string): Socket =>
  new Socket({ fd: openFifo(path, constants.O_WRONLY), readable: false, writable: true });

/**
 * A descriptor for a socket to own, on which the kernel reports: no thread waits in a read. Opening it waits for
 * nothing.
 */
function openFifo(path: string, access: number): number {
  const fd = openSync(path, access | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  if (fstatSync(fd).isFIFO()) return fd;
  closeSync(fd);
  throw new GridError('VMM_FAILED', `${path} is no pipe`, { path });
}
