import { truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from '@vmgrid/host';
import { copyFrozenFile } from '../disks/copy-frozen-file.ts';
import { makeRunFolder, type OverlayOptions, runFolder } from '../process/run-folder.ts';
import type { StartOrder } from '../production-line.ts';
import { hasOwnDisk } from './command-line.ts';
import { FILES } from './layout.ts';

/** Makes UML's folder, and in it the machine's disk. After a failure neither exists. */
export const makeOverlay = (order: StartOrder, options: OverlayOptions, signal: AbortSignal): Promise<void> =>
  makeRunFolder(order.directory, options, () =>
    hasOwnDisk(order) ? copyDisk(order, options, signal) : makeCow(order, options, signal),
  );

const imageDisk = ({ image }: StartOrder): string => join(image.directory, image.manifest.disk);

async function makeCow(order: StartOrder, { run }: OverlayOptions, signal: AbortSignal): Promise<string> {
  const disk = join(runFolder(order.directory), FILES.cow);
  const message = `the overlay over image ${order.image.manifest.id} could not be made`;
  await runTool('uml_mkcow', [disk, imageDisk(order)], { run, signal, failure: { code: 'VMM_FAILED', message } });
  return disk;
}

async function copyDisk(order: StartOrder, { run }: OverlayOptions, signal: AbortSignal): Promise<string> {
  const disk = join(runFolder(order.directory), FILES.raw);
  const message = `the disk of image ${order.image.manifest.id} could not be copied`;
  await copyFrozenFile(imageDisk(order), disk, { run, signal, failure: { code: 'VMM_FAILED', message } });
  await truncate(disk, order.machine.diskMiB * 1_048_576);
  return disk;
}
