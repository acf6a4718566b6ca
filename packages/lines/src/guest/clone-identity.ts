import { randomBytes, randomUUID } from 'node:crypto';
import { type HostKey, makeHostKey } from './host-key.ts';

const ENTROPY_BYTES = 512;

/** The identity that a clone gets. */
export interface GuestIdentity {
  /** An RFC 1123 label. */
  readonly hostName: string;
  /** Six bytes in hexadecimal, separated by colons. */
  readonly macAddress: string;
  /** Whether the disk is larger than the image's, so that its file system must grow. */
  readonly growDisk?: boolean;
}

/** An identity with everything that no other machine has. */
export interface CloneIdentity extends Required<GuestIdentity> {
  readonly machineId: string;
  readonly bootId: string;
  readonly hostKey: HostKey;
  readonly entropy: Buffer;
}

/**
 * The host makes the clone's key. A guest that has just been restored would need ten times as long, and hides nothing
 * from the host that holds its memory anyway.
 */
export const makeCloneIdentity = ({ hostName, macAddress, growDisk = false }: GuestIdentity): CloneIdentity => ({
  ...{ hostName, macAddress, growDisk },
  machineId: randomBytes(16).toString('hex'),
  bootId: randomUUID(),
  hostKey: makeHostKey(`root@${hostName}`),
  entropy: randomBytes(ENTROPY_BYTES),
});

/** Returns the identity's attributes, as a guest reports them that got it from the disc. */
export function identityAttributes({ hostKey }: Pick<CloneIdentity, 'hostKey'>): string {
  const [type, key] = hostKey.publicKey.split(' ');
  return `SshHostKey = "${type} ${key}"\n`;
}
