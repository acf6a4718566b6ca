import { readFileSync, type Stats, statSync } from 'node:fs';
import { GridError } from '@vmgrid/protocol';
import type { TlsConfig } from './tls-config.ts';

/** The key, certificate and CA that a TLS connection needs. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  readonly minVersion: 'TLSv1.3';
}

/**
 * @throws GridError KEY_EXPOSED when others may read the key; errors of the file system about a file that cannot be
 * read
 */
export function readTlsMaterial({ certificateFile, keyFile, caFile }: TlsConfig): TlsMaterial {
  requireOwnKey(keyFile, statSync(keyFile));
  const [cert, key, ca] = [certificateFile, keyFile, caFile].map((file) => readFileSync(file, 'utf8'));
  return { cert: cert!, key: key!, ca: ca!, minVersion: 'TLSv1.3' };
}

/**
 * Only the owner may read a key. A group may too when root or the daemon's user owns the file, because they chose the
 * group.
 */
function requireOwnKey(keyFile: string, { mode, uid }: Pick<Stats, 'mode' | 'uid'>): void {
  const shown = (mode & 0o777).toString(8).padStart(4, '0');
  const refuse = (why: string) => new GridError('KEY_EXPOSED', `${keyFile} has mode ${shown}: ${why}`, { keyFile });
  if ((mode & 0o007) !== 0) throw refuse('everybody may use it');
  if ((mode & 0o030) !== 0) throw refuse('its group may do more than read it');
  if ((mode & 0o040) !== 0 && uid !== 0 && uid !== process.getuid?.())
    throw refuse(`its group may read it, and the user ${uid} owns it, who is neither root nor the daemon's`);
}

/** Options of a listener: daemons of the site show a certificate; clients have none and show tokens. */
export const listenerOptions = (material: TlsMaterial) => ({
  ...material,
  requestCert: true,
  rejectUnauthorized: false,
  handshakeTimeout: HANDSHAKE_MS,
});
export type ListenerTls = ReturnType<typeof listenerOptions>;

const HANDSHAKE_MS = 10_000;
