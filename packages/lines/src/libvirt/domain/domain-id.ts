import { createHash } from 'node:crypto';

/** The name and UUID of a machine at libvirt. */
export interface DomainId {
  readonly name: string;
  readonly uuid: string;
}

const VERSION_8 = 0x80;
const VARIANT_RFC_9562 = 0x80;

/**
 * Returns the same id for the same VM always, so that a domain that was made but never recorded is found. The UUID is
 * of version 8 (RFC 9562).
 */
export function domainIdOf(vmId: string): DomainId {
  const bytes = createHash('sha256').update(`vmgrid ${vmId}`).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | VERSION_8;
  bytes[8] = (bytes[8]! & 0x3f) | VARIANT_RFC_9562;
  const uuid = bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return { name: `vmgrid-${vmId}`, uuid };
}
