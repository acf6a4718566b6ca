import { chown, lchown, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandRunner } from '@vmgrid/daemon';
import type { StepObserver } from '../production-line.ts';
import type { HostUser } from './host-user.ts';

/**
 * A hypervisor's working directory in the folder of its machine. It belongs to the machine's own user: a guest that
 * broke out of its hypervisor may replace any name in it by a link, so the plant follows none. Files that only the
 * plant opens lie beside it.
 */
export const runFolder = (machineFolder: string): string => join(machineFolder, 'run');

export interface RunFolderOptions {
  /** The owner of folder and disk, if it is not the plant. */
  readonly user: HostUser | undefined;
  readonly reached: StepObserver;
}

export interface OverlayOptions extends RunFolderOptions {
  /** Runs programs of the host. */
  readonly run: CommandRunner;
}

/**
 * Makes the run folder of a machine with its writable disk; `makeDisk` resolves with the disk's path. After a failure
 * neither exists.
 */
export async function makeRunFolder(
  machineFolder: string,
  { user, reached }: RunFolderOptions,
  makeDisk: (folder: string) => Promise<string>,
): Promise<void> {
  const folder = runFolder(machineFolder);
  await mkdir(folder, { mode: 0o700 });
  try {
    reached('folder');
    const disk = await makeDisk(folder);
    if (user !== undefined) {
      await lchown(disk, user.uid, user.gid);
      await chown(folder, user.uid, user.gid);
    }
    reached('overlay');
  } catch (error) {
    await rm(folder, { recursive: true });
    throw error;
  }
}
