/**
 * Adds details to the error of an exhausted resource: which object it is, how much of it is free now, and how much
 * there is.
 */
import { readdir, readFile, statfs } from 'node:fs/promises';
import { type ErrorDetails, GridError } from '@vmgrid/protocol';
import { hostMemory } from './host-memory.ts';

const MIB = 1_048_576;

/**
 * Returns the error to report. It measures now, when what the work had taken is free again. `folders` are the folders
 * in which the plant writes. Errors for other reasons stay as they are.
 */
export async function nameWhatIsFull(thrown: unknown, folders: readonly string[]): Promise<unknown> {
  const error = GridError.from(thrown);
  const found = await MEASURES[error.code]?.(folders).catch(() => undefined); // what cannot be measured stays unsaid
  if (!found) return thrown;
  return new GridError(
    error.code,
    `${error.message}; ${found.text}`,
    { ...error.details, ...found.details },
    { cause: error },
  );
}

interface Measured {
  readonly text: string;
  readonly details: ErrorDetails;
}

const MEASURES: Readonly<Partial<Record<string, (folders: readonly string[]) => Promise<Measured>>>> = {
  HOST_DISK_FULL: measureDisks,
  HOST_MEMORY_FULL: measureMemory,
  HOST_FILES_FULL: measureFiles,
};

async function measureDisks(folders: readonly string[]): Promise<Measured> {
  const disks = await Promise.all(
    folders.map(async (folder) => {
      const { bavail, blocks, bsize } = await statfs(folder);
      return { folder, freeMiB: Math.floor((bavail * bsize) / MIB), sizeMiB: Math.floor((blocks * bsize) / MIB) };
    }),
  );
  const text = disks.map(({ folder, freeMiB, sizeMiB }) => `${freeMiB} of ${sizeMiB} MiB are free at ${folder}`);
  return { text: text.join(', '), details: { disks } };
}

async function measureMemory(): Promise<Measured> {
  const { availableMiB, totalMiB } = hostMemory();
  return { text: `${availableMiB} of ${totalMiB} MiB are available`, details: { availableMiB, totalMiB } };
}

/** Measures this process: it holds the connections of the plant, and the pipes of the programs that it starts. */
async function measureFiles(): Promise<Measured> {
  const limit = Number(/^Max open files\s+(\d+)/m.exec(await readFile('/proc/self/limits', 'utf8'))?.[1]);
  const open = (await readdir('/proc/self/fd')).length;
  return { text: `the plant has ${open} files open and may have ${limit}`, details: { open, limit } };
}
