import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { CommandRunner } from '@vmgrid/daemon';
import { runTool } from '@vmgrid/host';
import { exhaustionIn, GridError } from '@vmgrid/protocol';
import type { MachineState, StartOrder } from '../production-line.ts';
import { emptyOverlay } from './qcow2-overlay.ts';

const MIB = 1_048_576;

/**
 * Makes a writable qcow2 disk of this size over the image's frozen disk. After a failure a part of it may be there.
 * @throws GridError VMM_FAILED, or what is exhausted; the signal's reason
 */
export async function makeOverlayDisk(
  { image: { manifest, directory } }: StartOrder,
  { disk, sizeMiB }: { readonly disk: string; readonly sizeMiB: number },
  signal: AbortSignal,
): Promise<void> {
  const below = { backing: join(directory, manifest.disk), backingFormat: manifest.diskFormat };
  try {
    await writeFile(disk, emptyOverlay({ ...below, sizeBytes: sizeMiB * MIB }), { flag: 'wx', mode: 0o644, signal });
  } catch (error) {
    signal.throwIfAborted();
    const { message } = error as Error;
    const told = `the overlay over image ${manifest.id} could not be made: ${message}`;
    throw new GridError(exhaustionIn(message) ?? 'VMM_FAILED', told, {}, { cause: error });
  }
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
