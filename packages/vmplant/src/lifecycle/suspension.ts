/** What a suspended VM has and has not. Pure. */
import type { VmRecord } from '../vms/vm.ts';

/** What a VM takes of the plant now, for whom: one that is suspended has no memory. */
export const needOf = ({ state, machine, owner }: Pick<VmRecord, 'state' | 'machine' | 'owner'>) => ({
  ...machine,
  ...(state === 'suspended' && { memoryMiB: 0 }),
  owner,
});

/** A machine without a process is not reached. */
export function withoutAccess({ sshPort: _, ...record }: VmRecord): VmRecord {
  return record;
}
