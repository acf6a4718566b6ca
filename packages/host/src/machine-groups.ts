import type { MachineSpec } from '@vmgrid/protocol';

/**
 * Groups the processes of a machine on the host, to limit and end them together. A machine is identified by its folder.
 */
export interface MachineGroups {
  /** Makes a group with the machine's limits, and replaces one that is left of it. @throws GridError CGROUP_FAILED */
  make(directory: string, machine: Pick<MachineSpec, 'memoryMiB' | 'cpus'>): Promise<void>;
  /** Returns the file into which a process writes itself to enter the group; undefined when there is none. */
  entrance(directory: string): string | undefined;
  /**
   * Ends everything in the group, and removes it. Idempotent. @throws GridError CGROUP_FAILED when a process does not
   * end
   */
  remove(directory: string): Promise<void>;
}

/** Used where the host does not group processes, or is not asked to. */
export const NO_GROUPS: MachineGroups = {
  make: async () => undefined,
  entrance: () => undefined,
  remove: async () => undefined,
};
