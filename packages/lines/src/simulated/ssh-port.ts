/** The ssh port of a simulated guest: it sends an ssh server's first line, and no more. */

import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { GridError } from '@vmgrid/protocol';

const GREETING = 'SSH-2.0-vmgrid_simulated\r\n';
const LOOPBACK = '127.0.0.1';

export interface SshPort {
  readonly port: number;
  close(): void;
}

/**
 * Listens on the port, or for 0 on any free one. @throws GridError VMM_FAILED when it is in use, HOST_PORTS_FULL when
 * all are
 */
export async function openSshPort(wanted: number): Promise<SshPort> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(GREETING);
  });
  server.unref();
  try {
    server.listen(wanted, LOOPBACK);
    await once(server, 'listening');
  } catch (cause) {
    if (wanted === 0) throw GridError.from(cause);
    throw new GridError('VMM_FAILED', `port ${wanted} of a simulated guest is taken`, { port: wanted }, { cause });
  }
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return { port: address.port, close: () => void server.close() };
}
