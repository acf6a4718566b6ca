/**
 * What of a host is used up, as Node, SQLite and the programs of the host say it. Such a failure is neither a fault of
 * vmgrid nor the client's doing, so it has codes of its own.
 */
import type { ErrorCode } from './catalogue.ts';

/** errno(3), as Node names it in `code`. */
const BY_ERRNO: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'HOST_DISK_FULL',
  EDQUOT: 'HOST_DISK_FULL',
  ENOMEM: 'HOST_MEMORY_FULL',
  EMFILE: 'HOST_FILES_FULL',
  ENFILE: 'HOST_FILES_FULL',
  EADDRNOTAVAIL: 'HOST_PORTS_FULL',
};

/** What fork(2) fails with at a limit of processes; of any other call it means something else. */
const NO_MORE_PROCESSES = 'EAGAIN';

/** Primary result codes of SQLite (sqlite.org/rescode.html): the low byte of an error's `errcode`. */
const BY_SQLITE: Readonly<Record<number, ErrorCode>> = { 7: 'HOST_MEMORY_FULL', 13: 'HOST_DISK_FULL' };

/** What strerror(3) says, which is what programs print. */
const BY_TEXT: readonly (readonly [RegExp, ErrorCode])[] = [
  [/No space left on device|Disk quota exceeded/, 'HOST_DISK_FULL'],
  [/Cannot allocate memory|Out of memory|MemoryError/, 'HOST_MEMORY_FULL'],
  [/Too many open files/, 'HOST_FILES_FULL'],
  [/\bfork\b.*Resource temporarily unavailable/, 'HOST_PROCESSES_FULL'],
];

/** Causes looked at behind an error. */
const MOST_CAUSES = 8;

/** The code for what is used up, in an error or what caused it; undefined when it is something else. */
export function exhaustionOf(thrown: unknown): ErrorCode | undefined {
  let error = thrown;
  for (let depth = 0; depth < MOST_CAUSES && error instanceof Error; depth += 1) {
    const code = ownExhaustion(error);
    if (code !== undefined) return code;
    error = error.cause;
  }
  return undefined;
}

/** The same of what a program printed as it failed. */
export const exhaustionIn = (output: string): ErrorCode | undefined =>
  BY_TEXT.find(([pattern]) => pattern.test(output))?.[1];

/**
 * Does what may stay undone where the host has no more of something; false then. @throws whatever else it fails with
 */
export function ifRoom(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (exhaustionOf(error) === undefined) throw error;
    return false;
  }
}

function ownExhaustion(error: NodeJS.ErrnoException & { readonly errcode?: unknown }): ErrorCode | undefined {
  const { code = '', syscall = '', errcode } = error;
  if (Object.hasOwn(BY_ERRNO, code)) return BY_ERRNO[code];
  if (code === NO_MORE_PROCESSES && syscall.startsWith('spawn')) return 'HOST_PROCESSES_FULL';
  if (code === 'EADDRINUSE' && asksForAnyPort(error)) return 'HOST_PORTS_FULL';
  return typeof errcode === 'number' ? BY_SQLITE[errcode & 0xff] : undefined;
}

/** Port 0 is in use when every one is; Node leaves it out of the error then, and names -1 for the socket of a file. */
const asksForAnyPort = (error: object): boolean => !('port' in error) || error.port === 0;

/** What an error of the system says of itself: nothing of a client's. */
export function systemDetails(thrown: unknown): Readonly<Record<string, string>> {
  const { code, syscall, path } = thrown as NodeJS.ErrnoException;
  const known = Object.entries({ cause: code, call: syscall, path });
  return Object.fromEntries(known.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])));
}
