import { isLoopback } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';

export interface Exposure {
  /** Addresses that the daemon listens on. */
  readonly listens: readonly string[];
  /** WebSocket addresses that the daemon dials. */
  readonly dials: readonly string[];
  readonly hasTls: boolean;
}

/** Requires TLS for every connection that leaves the machine. Pure. @throws GridError TLS_REQUIRED */
export function requireTls({ listens, dials, hasTls }: Exposure): void {
  const open = listens.find((host) => !isLoopback(host));
  if (open !== undefined && !hasTls) {
    throw new GridError('TLS_REQUIRED', `the configuration listens on ${open}, which is not loopback, without tls`, {
      host: open,
    });
  }
  const clear = dials.find((url) => !isEncrypted(url) && !isLoopback(new URL(url).hostname));
  if (clear !== undefined) {
    throw new GridError('TLS_REQUIRED', `${clear} is dialled without TLS, and is not loopback: use wss://`, {
      url: clear,
    });
  }
  const uncertified = dials.find(isEncrypted);
  if (uncertified !== undefined && !hasTls) {
    throw new GridError('TLS_REQUIRED', `${uncertified} wants a certificate, and the configuration has no tls`, {
      url: uncertified,
    });
  }
}

const isEncrypted = (url: string): boolean => url.startsWith('wss:');
