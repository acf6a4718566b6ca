import { chmod, lchown, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandRunner } from '@vmgrid/daemon';
import type { HostUser } from '../host-user.ts';
import { makeOverlayDisk } from '../overlay-disk.ts';
import type { StartOrder, StepObserver } from '../production-line.ts';
import { FILES } from './layout.ts';

export interface OverlayOptions {
  readonly user: HostUser | undefined;
  readonly run: CommandRunner;
  readonly reached: StepObserver;
}

/** Makes the machine's writable disk in its folder, which its user must get through. On failure it is not there. */
export async function makeOverlay(
  order: StartOrder,
  { user, run, reached }: OverlayOptions,
  signal: AbortSignal,
): Promise<void> {
  const disk = join(order.directory, FILES.disk);
  try {
    await makeOverlayDisk(order, disk, { sizeMiB: order.machine.diskMiB, run }, signal);
    reached('overlay');
    await chmod(disk, 0o600);
    await chmod(order.directory, 0o711);
    if (user !== undefined) await lchown(disk, user.uid, user.gid);
  } catch (error) {
    await rm(disk, { force: true });
    throw error;
  }
}
