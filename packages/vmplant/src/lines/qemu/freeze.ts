import { once } from 'node:events';
import { lchown, lstat, open, rename } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { CommandRunner } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import { runTool } from '../../host/run-tool.ts';
import { listenUnix } from '../../host/unix-socket.ts';
import type { SuspendedFiles } from '../production-line.ts';
import { DEVICES } from './command-line.ts';
import { FILES, runFolder, SAVE_SOCKET } from './layout.ts';
import type { QemuState } from './machine-state.ts';
import { removeUserNetwork } from './network.ts';
import type { QmpClient } from './qmp/qmp-client.ts';
import { saveState } from './restore.ts';

/** Takes from the machine what a golden one does not have: the disc and the network. */
async function strip(monitor: QmpClient, signal: AbortSignal): Promise<void> {
  await monitor.execute('eject', { id: DEVICES.disc, force: true }, { signal });
  await removeUserNetwork(monitor, signal);
}

/** QEMU sends the state over a socket: in its sandbox it may neither start a program nor is the file its own. */
async function receiveState(path: string, sockets: Promise<Socket>): Promise<void> {
  const file = await open(path, 'w', 0o640);
  await pipeline(await sockets, file.createWriteStream({ flush: true }));
}

/**
 * Stops a machine and writes its devices' state beside its memory file and disk. The machine stays stopped; its process is
 * for the caller to end, and only then are disk and memory complete.
 */
export async function writeState(monitor: QmpClient, state: QemuState, signal: AbortSignal): Promise<void> {
  const { directory, uid } = state;
  await strip(monitor, signal);
  await monitor.execute('stop', {}, { signal });
  const server = await listenUnix(directory, SAVE_SOCKET, signal);
  try {
    if (uid !== undefined) await lchown(join(directory, SAVE_SOCKET), uid, uid);
    const connected = once(server, 'connection', { signal }).then(([socket]) => socket as Socket);
    const received = receiveState(join(directory, FILES.deviceState), connected);
    received.catch(() => undefined);
    await saveState(monitor, `../${SAVE_SOCKET}`, signal);
    await received;
  } finally {
    server.close();
  }
}

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
export async function collectFiles(state: QemuState, run: CommandRunner, signal: AbortSignal): Promise<SuspendedFiles> {
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
  return { disk: FILES.disk, memory: { memory: FILES.memory, state: FILES.deviceState } };
}
