import { join } from 'node:path';
import type { CommandRunner } from '@vmgrid/daemon';
import { relateOverlayDisk } from '../disks/overlay-disk.ts';
import { takeOwnFile } from '../disks/own-file.ts';
import { runFolder } from '../process/run-folder.ts';
import type { FrozenFiles } from '../production-line.ts';
import { FILES } from './layout.ts';
import type { QemuState } from './machine-state.ts';

/** Moves the files of a golden image from QEMU's folder to the machine's. */
export async function collectFiles(state: QemuState, run: CommandRunner, signal: AbortSignal): Promise<FrozenFiles> {
  const { directory, uid } = state;
  const folder = runFolder(directory);
  await relateOverlayDisk({ ...state, folder, disk: FILES.disk }, run, signal);
  for (const name of [FILES.disk, FILES.memory]) await takeOwnFile(join(folder, name), join(directory, name), uid);
  return { disk: FILES.disk, diskFormat: 'qcow2', memory: { memory: FILES.memory, state: FILES.deviceState } };
}
