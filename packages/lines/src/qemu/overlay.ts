import { join } from 'node:path';
import { makeOverlayDisk } from '../overlay-disk.ts';
import type { StartOrder } from '../production-line.ts';
import { makeRunFolder, type OverlayOptions } from '../run-folder.ts';
import { FILES } from './layout.ts';

/**
 * Size of the overlay as made. A guest that is restored remembers its disk's size, so its overlay starts with that and
 * grows when the machine runs; a booted one finds the full size at once.
 */
const overlayMiB = ({ start, machine, image }: StartOrder): number =>
  start === 'restore' ? image.manifest.machine.diskMiB : machine.diskMiB;

/** Makes QEMU's folder and in it the writable disk over the image's frozen one. On failure neither is there. */
export const makeOverlay = (order: StartOrder, options: OverlayOptions, signal: AbortSignal): Promise<void> =>
  makeRunFolder(order.directory, options, async (folder) => {
    const disk = join(folder, FILES.disk);
    await makeOverlayDisk(order, disk, { sizeMiB: overlayMiB(order), run: options.run }, signal);
    return disk;
  });
