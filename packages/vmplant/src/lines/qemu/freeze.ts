import { lchown, lstat, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandRunner } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import { runTool } from '../../host/run-tool.ts';
import type { FrozenFiles } from '../production-line.ts';
import { runFolder } from '../run-folder.ts';
import { FILES } from './layout.ts';
import type { QemuState } from './machine-state.ts';

/**
 * The disk of a machine names its image by an absolute path; that of an image names its parent by one relative to itself, so
 * that a warehouse can be moved, or be mounted elsewhere. Run as the machine's user: a guest that broke out of its QEMU could
 * have made the disk refer to anything.
 */
async function relateDisk(state: QemuState, run: CommandRunner, signal: AbortSignal): Promise<void> {
  const { directory, uid, parentDisk, parentFormat } = state;
  await runTool('qemu-img', ['rebase', '-u', '-F', parentFormat, '-b', parentDisk, FILES.disk], {
    ...{ run, signal, cwd: runFolder(directory) },
    ...(uid === undefined ? {} : { uid, gid: uid }),
    failure: { code: 'VMM_FAILED', message: `the disk could not be related to ${parentDisk}` },
  });
}

/**
 * Moves what a golden image consists of from QEMU's folder to the machine's, and makes it the plant's own. Looked at after
 * the move: before, it could still be exchanged.
 */
export async function collectFiles(state: QemuState, run: CommandRunner, signal: AbortSignal): Promise<FrozenFiles> {
  const { directory, uid } = state;
  await relateDisk(state, run, signal);
  for (const name of [FILES.disk, FILES.memory]) {
    const path = join(directory, name);
    await rename(join(runFolder(directory), name), path);
    const found = await lstat(path);
    if (!found.isFile() || found.nlink !== 1) {
      throw new GridError('VMM_FAILED', `${name} of the frozen machine is not a file of its own`, { path });
    }
    if (uid !== undefined) await lchown(path, 0, 0);
  }
  return { disk: FILES.disk, diskFormat: 'qcow2', memory: { memory: FILES.memory, state: FILES.deviceState } };
}
