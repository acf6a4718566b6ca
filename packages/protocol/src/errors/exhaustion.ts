/**
 * Recognizes an exhausted resource of the host in errors of Node, of SQLite and of the host's programs. Such a failure
 * is neither a fault of vmgrid nor caused by the client, so it has its own codes.
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

/** At a limit of processes fork(2) fails with this. From any other call it means something else. */
const NO_MORE_PROCESSES = 'EAGAIN';

/** Primary result codes of SQLite (sqlite.org/rescode.html): the low byte of an error's `errcode`. */
const BY_SQLITE: Readonly<Record<number, ErrorCode>> = { 7: 'HOST_MEMORY_FULL', 13: 'HOST_DISK_FULL' };

/** The texts of strerror(3), which programs print. */
const BY_TEXT: readonly (readonly [RegExp, ErrorCode])[] = [
  [/No space left on device|Disk quota exceeded/, 'HOST_DISK_FULL'],
  [/Cannot allocate memory|Out of memory|MemoryError/, 'HOST_MEMORY_FULL'],
  [/Too many open files/, 'HOST_FILES_FULL'],
  [/\bfork\b.*Resource temporarily unavailable/, 'HOST_PROCESSES_FULL'],
];

/** Most causes that are followed behind an error. */
const MOST_CAUSES = 8;

/** Returns the code of the exhausted resource that an error, or its cause, tells of; undefined for any other error. */
export function exhaustionOf(thrown: unknown): ErrorCode | undefined {
  let error = thrown;
  for (let depth = 0; depth < MOST_CAUSES && error instanceof Error; depth += 1) {
    const code = ownExhaustion(error);
    if (code !== undefined) return code;
    error = error.cause;
  }
  return undefined;
}

/** Returns the same from the output of a program that failed. */
export const exhaustionIn = (output: string): ErrorCode | undefined =>
  BY_TEXT.find(([pattern]) => pattern.test(output))?.[1];

/**
 * Does work that may be skipped when the host has no room; returns false then. @throws every other error of the work
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

/**
 * When every port is in use, binding port 0 fails. Node then leaves the port out of the error; for the socket of a file
 * it is -1.
 */
const asksForAnyPort = (error: object): boolean => !('port' in error) || error.port === 0;

/** Returns the fields with which an error of the system describes itself; none of them come from a client. */
export function systemDetails(thrown: unknown): Readonly<Record<string, string>> {
  const { code, syscall, path } = thrown as NodeJS.ErrnoException;
  const known = Object.entries({ cause: code, call: syscall, path });
  return Object.fromEntries(known.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])));
}
