import type { MachineSpec } from '@vmgrid/protocol';

/**
 * What the host groups the processes of a machine by, to limit and to end them together. A machine is known by its
 * folder.
 */
export interface MachineGroups {
  /** Makes a group with the machine's limits, in place of one that is left of it. @throws GridError CGROUP_FAILED */
  make(directory: string, machine: Pick<MachineSpec, 'memoryMiB' | 'cpus'>): Promise<void>;
  /** The file that a process writes itself into to enter the group; undefined when there is none. */
  entrance(directory: string): string | undefined;
  /**
   * Ends whatever is in the group, and removes it. Idempotent. @throws GridError CGROUP_FAILED when something does not
   * end
   */
  remove(directory: string): Promise<void>;
}

/** Where the host does not group processes, or is not to. */
export const NO_GROUPS: MachineGroups = {
  make: async () => undefined,
  entrance: () => undefined,
  remove: async () => undefined,
};
