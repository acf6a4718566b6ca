import type { AddressInfo, Server } from 'node:net';
import { GridError } from '@vmgrid/protocol';
import { findPortHolder } from './port-holder.ts';

/**
 * Listens, and resolves with the port; for port 0 the kernel chooses one. @throws GridError ADDRESS_IN_USE,
 * HOST_PORTS_FULL
 */
export async function listen(server: Server, host: string, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, host, resolve);
  try {
    await promise;
  } catch (cause) {
    if (port === 0 || (cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw GridError.from(cause);
    throw await addressInUse({ host, port }, cause);
  } finally {
    server.off('error', reject);
  }
  return (server.address() as AddressInfo).port;
}

async function addressInUse(address: { readonly host: string; readonly port: number }, cause: unknown) {
  const holder = await findPortHolder(address.port);
  const who = holder === undefined ? 'another program' : `${holder.program} (process ${holder.pid})`;
  const message = `${who} listens on ${address.host}:${address.port}`;
  return new GridError('ADDRESS_IN_USE', message, { ...address, ...holder }, { cause });
}
