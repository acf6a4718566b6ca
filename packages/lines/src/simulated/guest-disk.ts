/** The disk and memory of a guest on paper: a map of files each, kept as JSON. Text is bytes, one a character. */
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
  /** As the kernel has it, which `/etc/hostname` need not agree with. */
  readonly hostName: string;
  readonly macAddress: string;
  /** Where the host leads to the guest's ssh; undefined while its network is closed. */
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

/** Whole or not at all when the plant is killed; a power failure ends the machine as well. */
async function writeJson(path: string, content: object): Promise<void> {
  await writeFile(`${path}.new`, JSON.stringify(content), { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** What a system that has just booted has in its memory. */
export const bootedMemory = ({ files }: GuestDisk, macAddress: string): GuestMemory => ({
  files: {},
  hostName: (files['/etc/hostname'] ?? 'vmgrid').trim(),
  macAddress,
});
