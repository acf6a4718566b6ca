import { chmod, lchown, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeOverlayDisk } from '../disks/overlay-disk.ts';
import type { RunFolderOptions } from '../process/run-folder.ts';
import type { StartOrder } from '../production-line.ts';
import { FILES } from './layout.ts';

/**
 * Makes the machine's writable disk in its folder, which its user must be able to pass through. After a failure the
 * disk does not exist.
 */
export async function makeOverlay(
  order: StartOrder,
  { user, reached }: RunFolderOptions,
  signal: AbortSignal,
): Promise<void> {
  const disk = join(order.directory, FILES.disk);
  try {
    await makeOverlayDisk(order, { disk, sizeMiB: order.machine.diskMiB }, signal);
    reached('overlay');
    await chmod(disk, 0o600);
    await chmod(order.directory, 0o711);
    if (user !== undefined) await lchown(disk, user.uid, user.gid);
  } catch (error) {
    await rm(disk, { force: true });
    throw error;
  }
}
