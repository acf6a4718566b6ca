import { join } from 'node:path';
import type { CommandRunner } from '@vmgrid/daemon';
import { relateOverlayDisk } from '../disks/overlay-disk.ts';
import { takeOwnFile } from '../disks/own-file.ts';
import type { FrozenFiles } from '../production-line.ts';
import { FILES } from './layout.ts';
import type { DomainState } from './machine-state.ts';

/** Turns the disk of a finished build into one that an image can have. */
export async function collectDisk(state: DomainState, run: CommandRunner, signal: AbortSignal): Promise<FrozenFiles> {
  const { directory, uid } = state;
  await relateOverlayDisk({ ...state, folder: directory, disk: FILES.disk }, run, signal);
  const disk = join(directory, FILES.disk);
  await takeOwnFile(disk, disk, uid);
  return { disk: FILES.disk, diskFormat: 'qcow2' };
}
