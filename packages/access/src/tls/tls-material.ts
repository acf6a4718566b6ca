import { readFileSync, statSync } from 'node:fs';
import { GridError } from '@vmgrid/protocol';
import type { TlsConfig } from './tls-config.ts';

/** What a TLS connection needs of us and of the site. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  readonly minVersion: 'TLSv1.3';
}

/** @throws GridError KEY_EXPOSED when others may read the key; what the file system says of a file that cannot be read */
export function readTlsMaterial({ certificateFile, keyFile, caFile }: TlsConfig): TlsMaterial {
  const mode = statSync(keyFile).mode & 0o777;
  if ((mode & 0o077) !== 0) {
    const shown = mode.toString(8).padStart(4, '0');
    throw new GridError('KEY_EXPOSED', `${keyFile} has mode ${shown}: others than its owner may use it`, { keyFile });
  }
  const [cert, key, ca] = [certificateFile, keyFile, caFile].map((file) => readFileSync(file, 'utf8'));
  return { cert: cert!, key: key!, ca: ca!, minVersion: 'TLSv1.3' };
}

/** How a listener asks who connects: whoever has a certificate of the site shows it; clients have none, but tokens. */
export const listenerOptions = (material: TlsMaterial) => ({
  ...material,
  requestCert: true,
  rejectUnauthorized: false,
  handshakeTimeout: HANDSHAKE_MS,
});
export type ListenerTls = ReturnType<typeof listenerOptions>;

const HANDSHAKE_MS = 10_000;
