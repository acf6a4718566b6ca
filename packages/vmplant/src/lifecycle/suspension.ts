/** The resources that a VM without a process has and lacks. Pure. */
import type { VmRecord } from '../vms/vm.ts';

/** Returns the resources that a VM uses now, and its owner: a suspended or stopped VM uses no memory. */
export const needOf = ({ state, machine, owner }: Pick<VmRecord, 'state' | 'machine' | 'owner'>) => ({
  ...machine,
  ...((state === 'suspended' || state === 'stopped') && { memoryMiB: 0 }),
  owner,
});

/** Returns the record without a failure that is over. */
export function healthy({ failure: _, ...record }: VmRecord): VmRecord {
  return record;
}

/** A machine without a process cannot be reached. */
export function withoutAccess({ sshPort: _, ...record }: VmRecord): VmRecord {
  return record;
}
