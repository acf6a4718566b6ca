import { join } from 'node:path';
import type { CommandRunner } from '@vmgrid/daemon';
import { runTool } from '../host/run-tool.ts';
import type { StartOrder } from './production-line.ts';

/** Makes a writable qcow2 disk of this size over the image's frozen one. On failure it is not there. */
export async function makeOverlayDisk(
  { image: { manifest, directory } }: StartOrder,
  disk: string,
  { sizeMiB, run }: { readonly sizeMiB: number; readonly run: CommandRunner },
  signal: AbortSignal,
): Promise<void> {
  const backing = join(directory, manifest.disk);
  const args = ['create', '-q', '-f', 'qcow2', '-F', manifest.diskFormat, '-b', backing, disk, `${sizeMiB}M`];
  const message = `the overlay over image ${manifest.id} could not be made`;
  await runTool('qemu-img', args, { run, signal, failure: { code: 'VMM_FAILED', message } });
}
