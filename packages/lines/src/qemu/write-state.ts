import { once } from 'node:events';
import { lchown, open } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { listenUnix } from '@vmgrid/host';
import { DEVICES } from './command-line.ts';
import { SAVE_SOCKET } from './layout.ts';
import type { QemuState } from './machine-state.ts';
import { removeUserNetwork } from './network.ts';
import type { QmpClient } from './qmp/qmp-client.ts';
import { type MemoryPlace, saveState } from './restore.ts';

export interface StateDestination extends Pick<QemuState, 'directory' | 'uid' | 'compatibility'> {
  /** Name in the machine's folder. */
  readonly file: string;
  readonly memory: MemoryPlace;
}

/** Removes from the machine what a machine resumed from its state does not have: the disc and the network. */
async function strip(monitor: QmpClient, state: Pick<QemuState, 'compatibility'>, signal: AbortSignal): Promise<void> {
  await monitor.execute('eject', { id: DEVICES.disc, force: true }, { signal });
  await removeUserNetwork(monitor, state, signal);
}

/**
 * QEMU sends the state over a socket, because in its sandbox it may not start a program, and the file does not belong
 * to it.
 */
async function receiveState(path: string, sockets: Promise<Socket>): Promise<void> {
  const socket = await sockets;
  const file = await open(path, 'w', 0o640);
  await pipeline(socket, file.createWriteStream({ flush: true }));
}

/**
 * Stops a machine and writes its state to a file. The machine stays stopped, and everything that it wrote to its disk
 * is on the disk; the caller ends its process.
 */
export async function writeState(monitor: QmpClient, state: StateDestination, signal: AbortSignal): Promise<void> {
  const { directory, uid, file, memory } = state;
  await strip(monitor, state, signal);
  await monitor.execute('stop', {}, { signal });
  const server = await listenUnix(directory, SAVE_SOCKET, signal);
  try {
    if (uid !== undefined) await lchown(join(directory, SAVE_SOCKET), uid, uid);
    const connected = once(server, 'connection', { signal }).then(([socket]) => socket as Socket);
    const received = receiveState(join(directory, file), connected);
    let fault: unknown;
    received.catch((error) => {
      fault = error;
    });
    await saveState(monitor, { socketName: `../${SAVE_SOCKET}`, memory }, signal).catch((error) => {
      throw fault ?? error; // a file that takes no more breaks the socket: QEMU does not know why
    });
    await received;
  } finally {
    server.close();
  }
}
