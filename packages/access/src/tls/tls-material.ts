import { readFileSync, type Stats, statSync } from 'node:fs';
import { GridError } from '@vmgrid/protocol';
import type { TlsConfig } from './tls-config.ts';

/** What a TLS connection needs of us and of the site. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  readonly minVersion: 'TLSv1.3';
}

/**
 * @throws GridError KEY_EXPOSED when others may use the key; what the file system says of a file that cannot be read
 */
export function readTlsMaterial({ certificateFile, keyFile, caFile }: TlsConfig): TlsMaterial {
  requireOwnKey(keyFile, statSync(keyFile));
  const [cert, key, ca] = [certificateFile, keyFile, caFile].map((file) => readFileSync(file, 'utf8'));
  return { cert: cert!, key: key!, ca: ca!, minVersion: 'TLSv1.3' };
}

/**
 * A key is its owner's; it may be read by a group as well when root or the daemon's user is the owner, who chose the
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

/** How a listener asks who connects: whoever has a certificate of the site shows it; clients have none, but tokens. */
export const listenerOptions = (material: TlsMaterial) => ({
  ...material,
  requestCert: true,
  rejectUnauthorized: false,
  handshakeTimeout: HANDSHAKE_MS,
});
export type ListenerTls = ReturnType<typeof listenerOptions>;

const HANDSHAKE_MS = 10_000;
