import { once } from 'node:events';
import { constants, type FileHandle, open, readdir, unlink } from 'node:fs/promises';
import { createServer, connect as netConnect, type Server, type Socket } from 'node:net';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { abortable, ignoreMissing } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import { retryOnChange } from './retry-on-change.ts';

/** Between two tries at a socket whose file exists already but on which nobody listens yet. */
const RETRY_MS = 2;
/** Opens a name, not what is behind it (open(2)); Node does not name it. */
const O_PATH = 0o10000000;

const openFolder = (directory: string): Promise<FileHandle> =>
  open(directory, constants.O_RDONLY | constants.O_DIRECTORY);

/** The kernel takes at most 107 bytes as the address of a unix socket; this way to the folder is always short. */
const shortPath = (folder: FileHandle, name: string): string => `/proc/self/fd/${folder.fd}/${name}`;

/** Connects to what was looked at: who owns the folder may exchange it at any time. */
async function connectOnce(path: string): Promise<Socket> {
  const entry = await open(path, O_PATH | constants.O_NOFOLLOW);
  try {
    if (!(await entry.stat()).isSocket()) throw new GridError('VMM_FAILED', `${basename(path)} is no socket`);
    const socket = netConnect(`/proc/self/fd/${entry.fd}`);
    // The other end may go before anybody listens here; whoever uses the socket learns of it by `whenClosed`.
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  } finally {
    await entry.close();
  }
}

/** Undefined when there is no such name yet. @throws the signal's reason */
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
 * Connects to the unix socket `name` in `directory`, however long the folder's path is. VMM_FAILED if it is no socket,
 * such as a link: what runs as the folder's owner could mean it for another socket of root's. A socket that does not
 * exist yet is waited for until the signal fires. Its errors are told by `close` alone, which may have come by the time
 * it is handed over: listen for it by `whenClosed`.
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
 * Listens on the unix socket `name` in `directory`, however long the folder's path is; it goes when the server closes.
 * Takes the place of a socket of that name, which is of one who was killed: nobody else is to listen there.
 */
export async function listenUnix(directory: string, name: string, signal: AbortSignal): Promise<Server> {
  const folder = await openFolder(directory);
  const server = createServer();
  try {
    await unlink(shortPath(folder, name)).catch(ignoreMissing);
    const listening = once(server, 'listening');
    server.listen(shortPath(folder, name));
    await abortable(listening, signal);
    // The server removes the socket by the address it was given, so the way there must stay.
    server.once('close', () => void folder.close());
    return server;
  } catch (error) {
    await new Promise((closed) => server.close(closed)); // it may be listening all the same
    await folder.close();
    throw error;
  }
}

/** Whoever listened and was killed leaves its sockets behind. What else has such a name stays until the folder goes. */
export async function removeSockets(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const sockets = names.filter((name) => name.endsWith('.sock'));
  await Promise.all(sockets.map((name) => unlink(join(folder, name)).catch(() => undefined)));
}
