/**
 * Admission: whether one more machine fits. A pure object, no I/O; the plant reserves in the same tick in which it decides,
 * so that two auctions won at once cannot share the last megabyte.
 */
import { GridError, type MachineSpec } from '@vmgrid/protocol';

export interface Capacity {
  readonly memoryMiB: number;
  readonly diskMiB: number;
  /** Processors that one VM may have. */
  readonly cpusPerVm: number;
  readonly vms: number;
}

export interface Usage {
  readonly memoryMiB: number;
  readonly diskMiB: number;
  readonly vms: number;
}

type Need = Pick<MachineSpec, 'memoryMiB' | 'diskMiB' | 'cpus'>;

export class Admission {
  readonly capacity: Capacity;
  readonly #reserved = new Map<string, Need>();

  constructor(capacity: Capacity) {
    this.capacity = capacity;
  }

  get usage(): Usage {
    let memoryMiB = 0;
    let diskMiB = 0;
    for (const need of this.#reserved.values()) {
      memoryMiB += need.memoryMiB;
      diskMiB += need.diskMiB;
    }
    return { memoryMiB, diskMiB, vms: this.#reserved.size };
  }

  /** Why a machine does not fit now; undefined when it does. */
  refusal(need: Need): GridError | undefined {
    const { capacity, usage } = this;
    if (need.cpus > capacity.cpusPerVm) return lacks('CPUS_INSUFFICIENT', 'processors', need.cpus, capacity.cpusPerVm);
    const memory = capacity.memoryMiB - usage.memoryMiB;
    if (need.memoryMiB > memory) return lacks('MEMORY_INSUFFICIENT', 'MiB of memory', need.memoryMiB, memory);
    const disk = capacity.diskMiB - usage.diskMiB;
    if (need.diskMiB > disk) return lacks('DISK_INSUFFICIENT', 'MiB of disk', need.diskMiB, disk);
    if (usage.vms >= capacity.vms) return lacks('VM_LIMIT', 'VMs', 1, capacity.vms - usage.vms);
    return undefined;
  }

  /** Takes what a machine needs, or throws the refusal. */
  reserve(vmId: string, need: Need): void {
    const refusal = this.refusal(need);
    if (refusal) throw refusal;
    this.#reserved.set(vmId, need);
  }

  /** Counts a machine that is there already, whatever the limits say: one that was adopted. */
  count(vmId: string, need: Need): void {
    this.#reserved.set(vmId, need);
  }

  /** Idempotent. */
  release(vmId: string): void {
    this.#reserved.delete(vmId);
  }
}

function lacks(
  code: 'CPUS_INSUFFICIENT' | 'MEMORY_INSUFFICIENT' | 'DISK_INSUFFICIENT' | 'VM_LIMIT',
  what: string,
  wanted: number,
  available: number,
): GridError {
  const lacking = wanted - available;
  return new GridError(code, `wants ${wanted} ${what}, ${available} are free: lacks ${lacking}`, {
    wanted,
    available,
    lacking,
  });
}
