/**
 * Admission decides whether one more machine fits. It is a pure object without I/O. The plant reserves in the same tick
 * in which it decides, so that two auctions won at once cannot share the last megabyte.
 */
import { type ErrorCode, GridError, type MachineSpec, type OwnerLimits } from '@vmgrid/protocol';

export interface Capacity {
  readonly memoryMiB: number;
  readonly diskMiB: number;
  /** Most processors of one VM. */
  readonly cpusPerVm: number;
  readonly vms: number;
  /** Most actions of one DAG; left out, the limit of any DAG. */
  readonly actionsPerDag?: number;
}

export interface Usage {
  readonly memoryMiB: number;
  readonly diskMiB: number;
  readonly vms: number;
}

export const NOTHING_USED: Usage = { memoryMiB: 0, diskMiB: 0, vms: 0 };

type Need = Pick<MachineSpec, 'memoryMiB' | 'diskMiB' | 'cpus'>;

/** The need of a machine, and its owner. Images that are being built have none. */
export type OwnedNeed = Need & {
  readonly owner?: string | undefined;
  /** It is given up as soon as anything else is wanted: an image that is built unasked. */
  readonly givesWay?: boolean;
};

export interface AdmissionOptions {
  /** Called after every change of the usage. */
  readonly changed?: () => void;
  /** Called with an owner's new usage after it has changed, before `changed`. */
  readonly ownerChanged?: (owner: string, usage: Usage) => void;
  readonly limitsOf?: (owner: string) => OwnerLimits;
  /**
   * Returns the memory that is available on the host now, whatever uses the rest. Left out, the host's memory is not
   * checked.
   */
  readonly availableMemoryMiB?: () => number;
}

export class Admission {
  readonly capacity: Capacity;
  readonly #options: Required<AdmissionOptions>;
  readonly #reserved = new Map<string, OwnedNeed>();
  /** Machines that are being made: they use little of the host's memory so far. */
  readonly #promised = new Set<string>();
  #usage = NOTHING_USED;
  #givingWay = NOTHING_USED;
  readonly #usageOf = new Map<string, Usage>();

  constructor(capacity: Capacity, options: AdmissionOptions = {}) {
    this.capacity = capacity;
    this.#options = {
      ...{
        changed: () => undefined,
        ownerChanged: () => undefined,
        limitsOf: () => ({}),
        availableMemoryMiB: () => Number.POSITIVE_INFINITY,
      },
      ...options,
    };
  }

  get usage(): Usage {
    return this.#usage;
  }

  /** The usage without needs that give way: new machines must fit beside this. */
  get lastingUsage(): Usage {
    const { memoryMiB, diskMiB, vms } = this.#givingWay;
    return {
      memoryMiB: this.#usage.memoryMiB - memoryMiB,
      diskMiB: this.#usage.diskMiB - diskMiB,
      vms: this.#usage.vms - vms,
    };
  }

  /** Returns why a machine does not fit now; undefined when it does. The details list further shortages as `others`. */
  refusal(need: OwnedNeed): GridError | undefined {
    return lackOf(need, this) ?? this.ownerRefusal(need);
  }

  /** Returns why the owner may not have one more machine here, although there is room; undefined when it may. */
  ownerRefusal({ owner, ...need }: OwnedNeed): GridError | undefined {
    return owner === undefined ? undefined : ownerRefusalOf(need, this.#shareOf(owner));
  }

  /**
   * Returns why the host has no memory for the machine now, although the plant has room: other programs use it, or
   * machines that are being made will. Needs that give way are not counted.
   */
  hostRefusal({ memoryMiB: wanted }: Need): GridError | undefined {
    const memoryOf = (vmIds: Iterable<string>, givesWay: boolean): number =>
      [...vmIds]
        .map((vmId) => this.#reserved.get(vmId)!)
        .filter((need) => (need.givesWay ?? false) === givesWay)
        .reduce((sum, { memoryMiB }) => sum + memoryMiB, 0);
    const taken = this.#givingWay.memoryMiB - memoryOf(this.#promised, true);
    const available = this.#options.availableMemoryMiB() + taken;
    const promised = memoryOf(this.#promised, false);
    const lacking = wanted + promised - available;
    if (lacking <= 0) return undefined;
    const message = `wants ${wanted} MiB of memory, the host has ${available}, of which ${promised} are promised to machines being made: lacks ${lacking}`;
    return new GridError('MEMORY_INSUFFICIENT', message, { wanted, available, promised, lacking });
  }

  /**
   * Reserves the resources of a machine, or throws the refusal. It happens in one tick, so that two shops cannot both
   * get the last of them.
   */
  reserve(vmId: string, need: OwnedNeed): void {
    this.#promise(vmId, need, this.refusal(need) ?? this.hostRefusal(need));
  }

  /**
   * Reserves the memory of a suspended machine, whose disk and place are counted already. Other limits are not checked,
   * although they may be lower by now. @throws GridError MEMORY_INSUFFICIENT, OWNER_MEMORY_LIMIT
   */
  reserveMemory(vmId: string, need: OwnedNeed): void {
    this.#promise(vmId, need, this.#memoryRefusal(need) ?? this.hostRefusal(need));
  }

  /** Counts a machine that exists already, whatever the limits are: one that was adopted. */
  count(vmId: string, need: OwnedNeed): void {
    this.#remove(vmId);
    this.#reserved.set(vmId, need);
    this.#tally(need, 1);
    this.#options.changed();
  }

  /** The machine has been made: from now on the host itself counts its memory. Idempotent. */
  made(vmId: string): void {
    this.#promised.delete(vmId);
  }

  /** Idempotent. */
  release(vmId: string): void {
    if (this.#remove(vmId)) this.#options.changed();
  }

  #remove(vmId: string): boolean {
    this.#promised.delete(vmId);
    const need = this.#reserved.get(vmId);
    if (!need) return false;
    this.#reserved.delete(vmId);
    this.#tally(need, -1);
    return true;
  }

  #tally(need: OwnedNeed, sign: 1 | -1): void {
    const { owner } = need;
    this.#usage = added(this.#usage, need, sign);
    if (need.givesWay) this.#givingWay = added(this.#givingWay, need, sign);
    if (owner === undefined) return;
    const usage = added(this.#usageOf.get(owner) ?? NOTHING_USED, need, sign);
    if (usage.vms === 0) this.#usageOf.delete(owner);
    else this.#usageOf.set(owner, usage);
    this.#options.ownerChanged(owner, usage);
  }

  #promise(vmId: string, need: OwnedNeed, refusal: GridError | undefined): void {
    if (refusal) throw refusal;
    this.count(vmId, need);
    this.#promised.add(vmId);
  }

  #memoryRefusal({ owner, ...need }: OwnedNeed): GridError | undefined {
    const ownerRefusal = () => ownerRefusalOf(need, this.#shareOf(owner!), [OWNER_MEMORY_LIMIT]);
    return lackOf(need, this, [MEMORY]) ?? (owner === undefined ? undefined : ownerRefusal());
  }

  #shareOf(owner: string): Share {
    return { used: this.#usageOf.get(owner) ?? NOTHING_USED, limits: this.#options.limitsOf(owner) };
  }
}

const added = (usage: Usage, need: Need, sign: 1 | -1): Usage => ({
  memoryMiB: usage.memoryMiB + sign * need.memoryMiB,
  diskMiB: usage.diskMiB + sign * need.diskMiB,
  vms: usage.vms + sign,
});

interface Share {
  readonly used: Usage;
  readonly limits: OwnerLimits;
}

/** The numbers behind a refusal, without the error, which is costly where there are very many. */
export interface OwnerLack {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: { readonly used: number; readonly wanted: number; readonly limit: number };
}

/** Returns the limit that an owner would exceed with one more machine; undefined when there is none. */
export function ownerLackOf(
  need: Need,
  { used: usage, limits }: Share,
  looked: readonly OwnerLimit[] = OWNER_LIMITS,
): OwnerLack | undefined {
  for (const [field, code, unit] of looked) {
    const [used, wanted, limit] = [usage[field], field === 'vms' ? 1 : need[field], limits[field]];
    if (limit === undefined || used + wanted <= limit) continue;
    const message = `the owner has ${used} ${unit} here and asks for ${wanted} more; the plant's limit is ${limit}`;
    return { code, message, details: { used, wanted, limit } };
  }
  return undefined;
}

/** Returns the same as the plant's refusal. */
export function ownerRefusalOf(need: Need, share: Share, looked?: readonly OwnerLimit[]): GridError | undefined {
  const lack = ownerLackOf(need, share, looked);
  return lack && new GridError(lack.code, lack.message, lack.details);
}

type OwnerLimit = readonly [field: keyof OwnerLimits, code: ErrorCode, unit: string];
const OWNER_MEMORY_LIMIT: OwnerLimit = ['memoryMiB', 'OWNER_MEMORY_LIMIT', 'MiB of memory'];
const OWNER_LIMITS: readonly OwnerLimit[] = [
  ['vms', 'OWNER_VM_LIMIT', 'VMs'],
  OWNER_MEMORY_LIMIT,
  ['diskMiB', 'OWNER_DISK_LIMIT', 'MiB of disk'],
];

interface Room {
  readonly capacity: Capacity;
  readonly usage: Usage;
}

/** Returns one refusal for everything that a machine lacks; undefined when it fits. */
export function lackOf(need: Need, room: Room, looked: readonly Needed[] = NEEDED): GridError | undefined {
  let lacks: readonly [Lack, ...Lack[]] | undefined; // most machines fit, and very many plants are looked at
  for (const { code, wantedBy, availableIn } of looked) {
    const [wanted, available] = [wantedBy(need), availableIn(room)];
    if (wanted <= available) continue;
    const lack: Lack = { code, wanted, available, lacking: wanted - available };
    lacks = lacks ? [...lacks, lack] : [lack];
  }
  return lacks && refusalOf(lacks);
}

/** The code of a decline, and its numbers. */
interface Lack {
  readonly code: keyof typeof UNITS;
  readonly wanted: number;
  readonly available: number;
  readonly lacking: number;
}

/** Something that machines need of a plant. */
interface Needed {
  readonly code: Lack['code'];
  wantedBy(need: Need): number;
  availableIn(room: Room): number;
}

const UNITS = {
  CPUS_INSUFFICIENT: 'processors',
  MEMORY_INSUFFICIENT: 'MiB of memory',
  DISK_INSUFFICIENT: 'MiB of disk',
  VM_LIMIT: 'VMs',
} as const;

const MEMORY: Needed = {
  code: 'MEMORY_INSUFFICIENT',
  wantedBy: ({ memoryMiB }) => memoryMiB,
  availableIn: ({ capacity, usage }) => capacity.memoryMiB - usage.memoryMiB,
};

const NEEDED: readonly Needed[] = [
  { code: 'CPUS_INSUFFICIENT', wantedBy: ({ cpus }) => cpus, availableIn: ({ capacity }) => capacity.cpusPerVm },
  MEMORY,
  {
    code: 'DISK_INSUFFICIENT',
    wantedBy: ({ diskMiB }) => diskMiB,
    availableIn: ({ capacity, usage }) => capacity.diskMiB - usage.diskMiB,
  },
  { code: 'VM_LIMIT', wantedBy: () => 1, availableIn: ({ capacity, usage }) => capacity.vms - usage.vms },
];

function refusalOf([{ code, wanted, available, lacking }, ...others]: readonly [Lack, ...Lack[]]): GridError {
  const message = `wants ${wanted} ${UNITS[code]}, ${available} are free: lacks ${lacking}`;
  const details = { wanted, available, lacking, ...(others.length === 0 ? {} : { others }) };
  return new GridError(code, message, details);
}
