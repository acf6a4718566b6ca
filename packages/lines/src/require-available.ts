import { type CompatibilityRecord, GridError, type LineReport } from '@vmgrid/protocol';

/**
 * Returns the hardware of the machines of a line. @throws GridError LINE_UNAVAILABLE when it can make none on this host
 */
export function requireAvailable({ line, available, reason, compatibility }: LineReport): CompatibilityRecord {
  if (available) return compatibility;
  throw new GridError('LINE_UNAVAILABLE', `the line ${line} cannot start a machine: ${reason}`);
}
