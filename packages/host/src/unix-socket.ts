import { once } from 'node:events';
import { constants, type FileHandle, open, readdir, unlink } from 'node:fs/promises';
import { createServer, connect as netConnect, type Server, type Socket } from 'node:net';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { abortable, ignoreMissing } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import { retryOnChange } from './retry-on-change.ts';

/** Milliseconds between two tries at a socket whose file exists but on which nobody listens yet. */
const RETRY_MS = 2;
/** Opens a name, not the object behind it (open(2)); Node has no constant for it. */
const O_PATH = 0o10000000;

const openFolder = (directory: string): Promise<FileHandle> =>
  open(directory, constants.O_RDONLY | constants.O_DIRECTORY);

/** The kernel limits the address of a unix socket to 107 bytes. This path to the folder is always short. */
const shortPath = (folder: FileHandle, name: string): string => `/proc/self/fd/${folder.fd}/${name}`;

/** Connects to the very object that was checked: the owner of the folder may exchange it at any time. */
async function connectOnce(path: string): Promise<Socket> {
  const entry = await open(path, O_PATH | constants.O_NOFOLLOW);
  try {
    if (!(await entry.stat()).isSocket()) throw new GridError('VMM_FAILED', `${basename(path)} is no socket`);
    const socket = netConnect(`/proc/self/fd/${entry.fd}`);
    // The other end may go before anybody listens here; users of the socket learn of it by `whenClosed`.
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  } finally {
    await entry.close();
  }
}

/** Returns undefined when the name does not exist yet. @throws the signal's reason */
async function connectOnceHeard(path: string, signal: AbortSignal): Promise<Socket | undefined> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await connectOnce(path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return undefined;
      if (code !== 'ECONNREFUSED') throw error;
      await sleep(RETRY_MS, undefined, { signal });
    }
  }
}

/**
 * Connects to the unix socket `name` in `directory`, however long the folder's path is. It waits for a socket that does
 * not exist yet until the signal aborts. Fails with VMM_FAILED when the name is no socket, such as a link: a process
 * that runs as the folder's owner could point it at another socket of root. Errors of the socket are reported only by
 * its `close` event, which may already have happened: use `whenClosed`.
 */
export async function connectUnix(directory: string, name: string, signal: AbortSignal): Promise<Socket> {
  const folder = await openFolder(directory);
  try {
    return await retryOnChange(directory, () => connectOnceHeard(shortPath(folder, name), signal), signal);
  } finally {
    await folder.close();
  }
}

/**
 * Listens on the unix socket `name` in `directory`, however long the folder's path is. The socket is removed when the
 * server closes. It replaces a socket of that name, which a killed process left behind; nobody else may listen there.
 */
export async function listenUnix(directory: string, name: string, signal: AbortSignal): Promise<Server> {
  const folder = await openFolder(directory);
  const server = createServer();
  try {
    await unlink(shortPath(folder, name)).catch(ignoreMissing);
    const listening = once(server, 'listening');
    server.listen(shortPath(folder, name));
    await abortable(listening, signal);
    // The server removes the socket by the address that it was given, so the folder must stay open.
    server.once('close', () => void folder.close());
    return server;
  } catch (error) {
    await new Promise((closed) => server.close(closed)); // it may be listening all the same
    await folder.close();
    throw error;
  }
}

/**
 * Removes the sockets that a killed process left behind. Other files with such names stay until the folder is removed.
 */
export async function removeSockets(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const sockets = names.filter((name) => name.endsWith('.sock'));
  await Promise.all(sockets.map((name) => unlink(join(folder, name)).catch(() => undefined)));
}
