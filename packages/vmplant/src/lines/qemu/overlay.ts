import { chown, lchown, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandRunner } from '@vmgrid/daemon';
import type { HostUser } from '../host-user.ts';
import { makeOverlayDisk } from '../overlay-disk.ts';
import type { StartOrder, StepObserver } from '../production-line.ts';
import { runFolder } from '../run-folder.ts';
import { FILES } from './layout.ts';

/**
 * Size of the overlay as made. A guest that is restored remembers its disk's size, so its overlay starts with that and grows
 * when the machine runs; a booted one finds the full size at once.
 */
const overlayMiB = ({ start, machine, image }: StartOrder): number =>
  start === 'restore' ? image.manifest.machine.diskMiB : machine.diskMiB;

export interface OverlayOptions {
  readonly user: HostUser | undefined;
  readonly run: CommandRunner;
  readonly reached: StepObserver;
}

/** Makes QEMU's folder and in it the writable disk over the image's frozen one. On failure neither is there. */
export async function makeOverlay(order: StartOrder, options: OverlayOptions, signal: AbortSignal): Promise<void> {
  const folder = runFolder(order.directory);
  await mkdir(folder, { mode: 0o700 });
  try {
    options.reached('folder');
    await fillFolder(folder, order, options, signal);
    options.reached('overlay');
  } catch (error) {
    await rm(folder, { recursive: true });
    throw error;
  }
}

async function fillFolder(
  folder: string,
  order: StartOrder,
  { user, run }: OverlayOptions,
  signal: AbortSignal,
): Promise<void> {
  const disk = join(folder, FILES.disk);
  await makeOverlayDisk(order, disk, { sizeMiB: overlayMiB(order), run }, signal);
  if (user !== undefined) {
    await lchown(disk, user.uid, user.gid);
    await chown(folder, user.uid, user.gid);
  }
}
