/** What a VM has and has not while it has no process. Pure. */
import type { VmRecord } from '../vms/vm.ts';

/** What a VM takes of the plant now, for whom: one that is suspended or stopped has no memory. */
export const needOf = ({ state, machine, owner }: Pick<VmRecord, 'state' | 'machine' | 'owner'>) => ({
  ...machine,
  ...((state === 'suspended' || state === 'stopped') && { memoryMiB: 0 }),
  owner,
});

/** Without what was said of a failure that is over. */
export function healthy({ failure: _, ...record }: VmRecord): VmRecord {
  return record;
}

/** A machine without a process is not reached. */
export function withoutAccess({ sshPort: _, ...record }: VmRecord): VmRecord {
  return record;
}
