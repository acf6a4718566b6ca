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

  /** Why a machine does not fit now; undefined when it does. What it lacks beside stands in the details as `others`. */
  refusal(need: Need): GridError | undefined {
    const { capacity, usage } = this;
    const [first, ...others] = [
      lack('CPUS_INSUFFICIENT', need.cpus, capacity.cpusPerVm),
      lack('MEMORY_INSUFFICIENT', need.memoryMiB, capacity.memoryMiB - usage.memoryMiB),
      lack('DISK_INSUFFICIENT', need.diskMiB, capacity.diskMiB - usage.diskMiB),
      lack('VM_LIMIT', 1, capacity.vms - usage.vms),
    ].filter((one) => one.lacking > 0);
    return first && refusalOf(first, others);
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

/** A decline's code, and its numbers. */
interface Lack {
  readonly code: keyof typeof UNITS;
  readonly wanted: number;
  readonly available: number;
  readonly lacking: number;
}

const UNITS = {
  CPUS_INSUFFICIENT: 'processors',
  MEMORY_INSUFFICIENT: 'MiB of memory',
  DISK_INSUFFICIENT: 'MiB of disk',
  VM_LIMIT: 'VMs',
} as const;

const lack = (code: Lack['code'], wanted: number, available: number): Lack => ({
  code,
  wanted,
  available,
  lacking: wanted - available,
});

function refusalOf({ code, wanted, available, lacking }: Lack, others: readonly Lack[]): GridError {
  const message = `wants ${wanted} ${UNITS[code]}, ${available} are free: lacks ${lacking}`;
  const details = { wanted, available, lacking, ...(others.length === 0 ? {} : { others }) };
  return new GridError(code, message, details);
}
