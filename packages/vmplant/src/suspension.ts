/** What a suspended VM has and has not. Pure. */
import type { VmRecord } from './vm.ts';

/** What a VM takes of the plant now: one that is suspended has no memory. */
export const needOf = ({ state, machine }: Pick<VmRecord, 'state' | 'machine'>): VmRecord['machine'] =>
  state === 'suspended' ? { ...machine, memoryMiB: 0 } : machine;

/** A machine without a process is not reached. */
export function withoutAccess({ sshPort: _, ...record }: VmRecord): VmRecord {
  return record;
}
