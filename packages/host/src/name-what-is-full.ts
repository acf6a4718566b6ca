/**
 * Adds to an error for what the host has no more of which object that is, how much of it is free now and how much there
 * is.
 */
import { readdir, readFile, statfs } from 'node:fs/promises';
import { type ErrorDetails, GridError } from '@vmgrid/protocol';
import { hostMemory } from './host-memory.ts';

const MIB = 1_048_576;

/**
 * What was thrown as it is told: measured now, when what the work had taken is free again. `folders` are where the
 * plant writes. What is thrown for another reason stays as it is.
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

/** Of this process: it has the connections of the plant, and the pipes of what it starts. */
async function measureFiles(): Promise<Measured> {
  const limit = Number(/^Max open files\s+(\d+)/m.exec(await readFile('/proc/self/limits', 'utf8'))?.[1]);
  const open = (await readdir('/proc/self/fd')).length;
  return { text: `the plant has ${open} files open and may have ${limit}`, details: { open, limit } };
}
