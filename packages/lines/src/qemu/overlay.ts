import { join } from 'node:path';
import { makeOverlayDisk } from '../disks/overlay-disk.ts';
import { makeRunFolder, type RunFolderOptions } from '../process/run-folder.ts';
import type { StartOrder } from '../production-line.ts';
import { FILES } from './layout.ts';

/**
 * The size of the overlay when it is made. A restored guest remembers its disk's size, so its overlay starts with that
 * size and grows while the machine runs; a booted guest finds the full size at once.
 */
const overlayMiB = ({ start, machine, image }: StartOrder): number =>
  start === 'restore' ? image.manifest.machine.diskMiB : machine.diskMiB;

/** Makes QEMU's folder, and in it the writable disk over the image's frozen disk. After a failure neither exists. */
export const makeOverlay = (order: StartOrder, options: RunFolderOptions, signal: AbortSignal): Promise<void> =>
  makeRunFolder(order.directory, options, async (folder) => {
    const disk = join(folder, FILES.disk);
    await makeOverlayDisk(order, { disk, sizeMiB: overlayMiB(order) }, signal);
    return disk;
  });
