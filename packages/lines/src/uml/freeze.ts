import { join } from 'node:path';
import { takeOwnFile } from '../disks/own-file.ts';
import { runFolder } from '../process/run-folder.ts';
import type { FrozenFiles } from '../production-line.ts';
import { FILES } from './layout.ts';
import type { UmlState } from './machine-state.ts';

/** Moves the disk of a finished build from UML's folder to the machine's. */
export async function collectDisk({ directory, uid }: UmlState): Promise<FrozenFiles> {
  await takeOwnFile(join(runFolder(directory), FILES.raw), join(directory, FILES.raw), uid);
  return { disk: FILES.raw, diskFormat: 'raw' };
}
