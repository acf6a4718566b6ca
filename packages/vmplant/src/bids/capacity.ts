/** The resources that the plant offers to VMs: as configured, else measured on the host. */
import { availableParallelism, totalmem } from 'node:os';
import type { Capacity } from '@vmgrid/bidding';
import { freeBytes } from '@vmgrid/host';
import type { PlantConfig } from '../config.ts';

/** Share of the host's memory that VMs may have unless the operator sets another. */
const MEMORY_SHARE = 0.75;
const MIB = 1_048_576;

export async function findCapacity(config: PlantConfig): Promise<Capacity> {
  const { memoryMiB, diskMiB, cpusPerVm, vms, actionsPerDag } = config.capacity;
  return {
    memoryMiB: memoryMiB ?? Math.floor((totalmem() * MEMORY_SHARE) / MIB),
    diskMiB: diskMiB ?? Math.floor((await freeBytes(config.stateDirectory)) / MIB),
    cpusPerVm: cpusPerVm ?? availableParallelism(),
    vms,
    ...(actionsPerDag === undefined ? {} : { actionsPerDag }),
  };
}
