/** The base image of simulated machines: a system of a dozen files, made in milliseconds. */
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ManifestDraft } from '@vmgrid/warehouse';
import { type GuestDisk, writeDisk } from './guest-disk.ts';
import { DEVICE_LAYOUT, FILES } from './layout.ts';

/** The operating system of simulated machines. */
export const SIMULATED_OS = 'simulated-1';

const DEFAULT_DISK_MIB = 2_048;
const BOOT_MEMORY_MIB = 64;
const BOOT_FILES = { kernel: 'kernel.txt', initrd: 'initrd.txt' } as const;

const SHARED = ['awk', 'bash', 'cron', 'doc', 'dpkg', 'fonts', 'info', 'locale', 'man', 'misc', 'perl', 'zoneinfo'];

const SYSTEM: Readonly<Record<string, string>> = {
  '/etc/hostname': 'vmgrid\n',
  '/etc/machine-id': '',
  '/etc/os-release': `ID=simulated\nVERSION_ID=1\n`,
  '/etc/ssh/sshd_config': 'PermitRootLogin prohibit-password\n',
  '/root/.profile': '',
  ...Object.fromEntries(SHARED.map((name) => [`/usr/share/${name}/README`, 'A file on paper.\n'])),
};

const diskOf = (diskMiB: number): GuestDisk => ({ diskMiB, rootMiB: diskMiB, files: SYSTEM });

/** Returns the id of the base image. A system with other files is another image. */
export function simulatedBaseId(): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([SYSTEM, DEVICE_LAYOUT]))
    .digest('hex');
  return `base-${SIMULATED_OS}-${digest.slice(0, 12)}`;
}

/**
 * Writes the base's files into an empty folder. Returns the content of its manifest; file names are relative to the
 * folder.
 */
export async function makeSimulatedBase(
  directory: string,
  diskMiB = DEFAULT_DISK_MIB,
): Promise<Omit<ManifestDraft, 'createdAt' | 'createdBy'>> {
  await writeDisk(directory, diskOf(diskMiB));
  for (const name of Object.values(BOOT_FILES)) await writeFile(join(directory, name), 'There is nothing to boot.\n');
  const id = simulatedBaseId();
  return {
    ...{ id, base: id, history: [], line: 'simulated' },
    machine: { arch: 'x86_64', os: SIMULATED_OS, memoryMiB: BOOT_MEMORY_MIB, cpus: 1, diskMiB },
    ...{ disk: FILES.disk, diskFormat: 'raw' },
    boot: { ...BOOT_FILES, commandLine: '', layouts: [DEVICE_LAYOUT] },
  };
}
