import { chown, lchown, mkdir, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandRunner } from '@vmgrid/daemon';
import { runTool } from '../../host/run-tool.ts';
import type { HostUser } from '../host-user.ts';
import type { StartOrder, StepObserver } from '../production-line.ts';
import { runFolder } from '../run-folder.ts';
import { hasOwnDisk } from './command-line.ts';
import { FILES } from './layout.ts';

export interface OverlayOptions {
  readonly user: HostUser | undefined;
  readonly run: CommandRunner;
  readonly reached: StepObserver;
}

/** Makes UML's folder and in it the machine's disk. On failure neither is there. */
export async function makeOverlay(order: StartOrder, options: OverlayOptions, signal: AbortSignal): Promise<void> {
  const folder = runFolder(order.directory);
  await mkdir(folder, { mode: 0o700 });
  try {
    options.reached('folder');
    const disk = hasOwnDisk(order) ? await copyDisk(order, options, signal) : await makeCow(order, options, signal);
    const { user } = options;
    if (user !== undefined) {
      await lchown(disk, user.uid, user.gid);
      await chown(folder, user.uid, user.gid);
    }
    options.reached('overlay');
  } catch (error) {
    await rm(folder, { recursive: true });
    throw error;
  }
}

const imageDisk = ({ image }: StartOrder): string => join(image.directory, image.manifest.disk);

async function makeCow(order: StartOrder, { run }: OverlayOptions, signal: AbortSignal): Promise<string> {
  const disk = join(runFolder(order.directory), FILES.cow);
  const message = `the overlay over image ${order.image.manifest.id} could not be made`;
  await runTool('uml_mkcow', [disk, imageDisk(order)], { run, signal, failure: { code: 'VMM_FAILED', message } });
  return disk;
}

/** Holes stay holes, and blocks are shared where the file system can. */
async function copyDisk(order: StartOrder, { run }: OverlayOptions, signal: AbortSignal): Promise<string> {
  const disk = join(runFolder(order.directory), FILES.raw);
  const message = `the disk of image ${order.image.manifest.id} could not be copied`;
  const args = ['--reflink=auto', '--sparse=always', imageDisk(order), disk];
  await runTool('cp', args, { run, signal, failure: { code: 'VMM_FAILED', message } });
  await truncate(disk, order.machine.diskMiB * 1_048_576);
  return disk;
}
