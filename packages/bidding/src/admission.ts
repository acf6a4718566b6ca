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
  readonly #changed: () => void;
  readonly #reserved = new Map<string, Need>();

  /** `changed` is told after every change of the usage. */
  constructor(capacity: Capacity, changed: () => void = () => undefined) {
    this.capacity = capacity;
    this.#changed = changed;
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
    return lackOf(need, this);
  }

  /** Takes what a machine needs, or throws the refusal. */
  reserve(vmId: string, need: Need): void {
    const refusal = this.refusal(need);
    if (refusal) throw refusal;
    this.count(vmId, need);
  }

  /** Counts a machine that is there already, whatever the limits say: one that was adopted. */
  count(vmId: string, need: Need): void {
    this.#reserved.set(vmId, need);
    this.#changed();
  }

  /** Idempotent. */
  release(vmId: string): void {
    if (this.#reserved.delete(vmId)) this.#changed();
  }
}

/** What a machine finds too little of, everything it lacks in one refusal; undefined when it fits. */
export function lackOf(
  need: Need,
  { capacity, usage }: { readonly capacity: Capacity; readonly usage: Usage },
): GridError | undefined {
  const [first, ...others] = [
    lack('CPUS_INSUFFICIENT', need.cpus, capacity.cpusPerVm),
    lack('MEMORY_INSUFFICIENT', need.memoryMiB, capacity.memoryMiB - usage.memoryMiB),
    lack('DISK_INSUFFICIENT', need.diskMiB, capacity.diskMiB - usage.diskMiB),
    lack('VM_LIMIT', 1, capacity.vms - usage.vms),
  ].filter((one) => one.lacking > 0);
  return first && refusalOf(first, others);
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
