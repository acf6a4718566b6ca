/** The names and identity of a new VM. */
import { randomBytes } from 'node:crypto';
import { v4 as uuid } from 'uuid';

export interface VmNames {
  readonly vmId: string;
  /** An RFC 1123 label. */
  readonly hostName: string;
  /** A locally administered unicast address (IEEE 802). */
  readonly macAddress: string;
}

export function nameVm(): VmNames {
  const id = uuid();
  return { vmId: `vm-${id}`, hostName: `vm-${id.slice(0, 8)}`, macAddress: randomMacAddress() };
}

function randomMacAddress(): string {
  const bytes = randomBytes(6);
  bytes[0] = (bytes[0]! & 0xfc) | 0x02;
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}
