import { once } from 'node:events';
import { watch } from 'node:fs';
import { constants, type FileHandle, open } from 'node:fs/promises';
import { createServer, connect as netConnect, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { abortable } from '@vmgrid/daemon';

/** Between two tries at a socket whose file exists already but on which nobody listens yet. */
const RETRY_MS = 2;

const openFolder = (directory: string): Promise<FileHandle> =>
  open(directory, constants.O_RDONLY | constants.O_DIRECTORY);

/** The kernel takes at most 107 bytes as the address of a unix socket; this way to the folder is always short. */
const shortPath = (folder: FileHandle, name: string): string => `/proc/self/fd/${folder.fd}/${name}`;

async function connectOnce(path: string): Promise<Socket> {
  const socket = netConnect(path);
  await once(socket, 'connect');
  // The other end may go before anybody listens here; whoever uses the socket learns of it by its `close`.
  socket.on('error', () => undefined);
  return socket;
}

/**
 * Connects to the unix socket `name` in `directory`, however long the folder's path is.
 * A socket that does not exist yet is waited for until the signal fires. Its errors are told by `close` alone.
 */
export async function connectUnix(directory: string, name: string, signal: AbortSignal): Promise<Socket> {
  const folder = await openFolder(directory);
  const changed = watch(directory);
  try {
    for (;;) {
      signal.throwIfAborted();
      const change = once(changed, 'change', { signal });
      change.catch(() => undefined);
      try {
        return await connectOnce(shortPath(folder, name));
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'ENOENT') await change;
        else if (code === 'ECONNREFUSED') await sleep(RETRY_MS, undefined, { signal });
        else throw error;
      }
    }
  } finally {
    changed.close();
    await folder.close();
  }
}

/** Listens on the unix socket `name` in `directory`, however long the folder's path is. */
export async function listenUnix(directory: string, name: string, signal: AbortSignal): Promise<Server> {
  const folder = await openFolder(directory);
  try {
    const server = createServer();
    const listening = once(server, 'listening');
    server.listen(shortPath(folder, name));
    await abortable(listening, signal);
    return server;
  } finally {
    await folder.close();
  }
}
