/** The disk and memory of a simulated guest: a map of files each, stored as JSON. Text is bytes, one to a character. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FILES } from './layout.ts';

export type FileMap = Readonly<Record<string, string>>;

export interface GuestDisk {
  readonly diskMiB: number;
  /** Size of the root file system: less than the disk until it has been grown. */
  readonly rootMiB: number;
  readonly files: FileMap;
}

export interface GuestMemory {
  readonly files: FileMap;
  /** The kernel's host name, which may differ from `/etc/hostname`. */
  readonly hostName: string;
  readonly macAddress: string;
  /** The host's port that is forwarded to the guest's ssh; undefined while its network is closed. */
  readonly sshPort?: number;
}

export const readDisk = (path: string): Promise<GuestDisk> => readJson(path);
export const readMemory = (path: string): Promise<GuestMemory> => readJson(path);

export const writeDisk = (folder: string, disk: GuestDisk): Promise<void> => writeJson(join(folder, FILES.disk), disk);
export const writeMemory = (folder: string, memory: GuestMemory): Promise<void> =>
  writeJson(join(folder, FILES.memory), memory);

async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(path, 'utf8')) as T;
}

/** Writes the whole file or nothing when the plant is killed; a power failure ends the machine as well. */
async function writeJson(path: string, content: object): Promise<void> {
  await writeFile(`${path}.new`, JSON.stringify(content), { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** Returns the memory of a system that has just booted. */
export const bootedMemory = ({ files }: GuestDisk, macAddress: string): GuestMemory => ({
  files: {},
  hostName: (files['/etc/hostname'] ?? 'vmgrid').trim(),
  macAddress,
});
