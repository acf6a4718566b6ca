import { basename, join } from 'node:path';
import type { CommandRunner } from '@vmgrid/daemon';
import { runTool } from '@vmgrid/host';
import type { MachineState, StartOrder } from './production-line.ts';

/** Makes a writable qcow2 disk of this size over the image's frozen disk. After a failure it does not exist. */
export async function makeOverlayDisk(
  { image: { manifest, directory } }: StartOrder,
  { disk, sizeMiB, run }: { readonly disk: string; readonly sizeMiB: number; readonly run: CommandRunner },
  signal: AbortSignal,
): Promise<void> {
  const backing = join(directory, manifest.disk);
  const args = ['create', '-q', '-f', 'qcow2', '-F', manifest.diskFormat, '-b', backing, disk, `${sizeMiB}M`];
  const message = `the overlay over image ${manifest.id} could not be made`;
  await runTool('qemu-img', args, { run, signal, failure: { code: 'VMM_FAILED', message } });
}

/** The parent of a machine's writable disk, as seen from a folder beside the image's. */
export interface ParentDisk {
  readonly parentDisk: string;
  readonly parentFormat: string;
}

export const parentOf = ({ image: { directory, manifest } }: StartOrder): ParentDisk => ({
  parentDisk: join('..', basename(directory), manifest.disk),
  parentFormat: manifest.diskFormat,
});

/** Reads the parent disk; for `decodeState` of a line. */
export const decodeParent = (state: MachineState): ParentDisk => ({
  parentDisk: String(state.parentDisk),
  parentFormat: String(state.parentFormat),
});

/**
 * A machine's disk names its image by an absolute path. An image's disk names its parent by a relative path, so that a
 * warehouse can be moved, or mounted elsewhere. Run it as the machine's user: a guest that broke out of its hypervisor
 * could have made the disk refer to anything.
 */
export async function relateOverlayDisk(
  {
    parentDisk,
    parentFormat,
    folder,
    disk,
    uid,
  }: ParentDisk & {
    readonly folder: string;
    /** Its name in the folder. */
    readonly disk: string;
    readonly uid: number | undefined;
  },
  run: CommandRunner,
  signal: AbortSignal,
): Promise<void> {
  await runTool('qemu-img', ['rebase', '-u', '-F', parentFormat, '-b', parentDisk, disk], {
    ...{ run, signal, cwd: folder },
    ...(uid === undefined ? {} : { uid, gid: uid }),
    failure: { code: 'VMM_FAILED', message: `the disk could not be related to ${parentDisk}` },
  });
}
