/**
 * Reports the plant's VMs to those above: all of them when a link comes up, then each change. A request counts from the
 * moment when the plant has taken it, also while it waits for its turn, until nothing of it is left.
 */
import {
  type CreateRequest,
  type Identified,
  keyText,
  type LinkAbove,
  type RequestKey,
  requestKey,
  TOLD_LIMITS,
  type ToldVm,
  tellVms,
  type VmsEvent,
  wholeOf,
} from '@vmgrid/protocol';
import { atLeaseEnd } from '../leases/lease-policy.ts';
import type { VmRecord } from './vm.ts';

export interface VmPublisherOptions {
  readonly plantId: string;
  /** See `nextRun`. */
  readonly run: number;
  readonly clock: { now(): number };
}

type Taken = Pick<Identified<CreateRequest>, 'requestId' | 'caller' | 'machine'>;
type Recorded = Pick<
  VmRecord,
  'requestId' | 'owner' | 'vmId' | 'state' | 'machine' | 'leaseEndsAt' | 'atLeaseEnd' | 'failure' | 'destructionFailure'
>;

export class VmPublisher {
  readonly #options: VmPublisherOptions;
  readonly #links = new Set<LinkAbove>();
  readonly #vms = new Map<string, ToldVm>();
  /** Requests in progress, with the number of calls that wait for them. */
  readonly #taken = new Map<string, { readonly vm: ToldVm; calls: number }>();
  #serial = 0;

  constructor(options: VmPublisherOptions) {
    this.#options = options;
  }

  /** A link is up, for the first time or again. */
  opened(link: LinkAbove): void {
    const { plantId, run } = this.#options;
    this.#links.add(link);
    tellVms(link, wholeOf({ plantId, run, serial: this.#serial }, [...this.#vms.values()]));
  }

  /** A link has ended for good. */
  ended(link: LinkAbove): void {
    this.#links.delete(link);
  }

  /** Carries out a create. */
  async during<T>(request: Taken, work: () => Promise<T>): Promise<T> {
    const vm = takenVm(request);
    const key = keyText(vm);
    const taken = this.#taken.get(key) ?? { vm, calls: 0 };
    taken.calls += 1;
    this.#taken.set(key, taken);
    if (!this.#vms.has(key)) this.#put(vm);
    try {
      return await work();
    } finally {
      taken.calls -= 1;
      if (taken.calls === 0) this.#taken.delete(key);
      if (taken.calls === 0 && this.#vms.get(key)?.vmId === undefined) this.#remove(vm);
    }
  }

  /** A record was made (there was none before), changed, or removed (there is none now). */
  recorded(record: Recorded | undefined, before?: Recorded): void {
    if (record) this.#put(toldVm(record));
    else if (before) this.#removed(before);
  }

  /** The lease of a VM ends soon. */
  leaseEnding(record: Recorded): void {
    this.#put(toldVm(record), { leaseEnding: true });
  }

  /** The VM of an earlier attempt at the request may be removed late. Then the later attempt stays reported. */
  #removed(record: Recorded): void {
    const key = keyText(record);
    if (this.#vms.get(key)?.vmId !== record.vmId) return;
    const taken = this.#taken.get(key);
    if (taken) this.#put(taken.vm);
    else this.#remove(record);
  }

  #put(vm: ToldVm, more: { readonly leaseEnding?: true } = {}): void {
    const key = keyText(vm);
    if (!more.leaseEnding && areEqual(vm, this.#vms.get(key))) return;
    this.#vms.set(key, vm);
    const at = new Date(this.#options.clock.now()).toISOString();
    this.#tell((told) => ({ kind: 'change', ...told, at, vm, ...more }));
  }

  #remove({ requestId, owner }: RequestKey): void {
    const key = owner === undefined ? { requestId } : { requestId, owner };
    if (this.#vms.delete(keyText(key))) this.#tell((told) => ({ kind: 'gone', ...told, ...key }));
  }

  #tell(eventOf: (told: Pick<VmsEvent, 'plantId' | 'run' | 'serial'>) => VmsEvent): void {
    const { plantId, run } = this.#options;
    this.#serial += 1;
    const events = [eventOf({ plantId, run, serial: this.#serial })];
    for (const link of this.#links) tellVms(link, events);
  }
}

const takenVm = ({ machine: { memoryMiB, diskMiB }, ...request }: Taken): ToldVm => ({
  ...requestKey(request),
  ...{ state: 'planned', memoryMiB, diskMiB },
});

const toldVm = (record: Recorded): ToldVm => {
  const { requestId, owner, vmId, state, machine, leaseEndsAt } = record;
  const trouble = record.destructionFailure ?? record.failure;
  return {
    ...{ requestId, vmId, state, memoryMiB: machine.memoryMiB, diskMiB: machine.diskMiB, leaseEndsAt },
    ...(owner === undefined ? {} : { owner }),
    ...(trouble && { reason: `${trouble.code}: ${trouble.message}`.slice(0, TOLD_LIMITS.reasonChars) }),
    ...(atLeaseEnd(record) === 'suspend' ? { atLeaseEnd: 'suspend' } : {}),
  };
};

/** Compares two that `toldVm` or `takenVm` made. */
const areEqual = (vm: ToldVm, other: ToldVm | undefined): boolean => JSON.stringify(vm) === JSON.stringify(other);
