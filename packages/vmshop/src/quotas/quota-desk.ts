/**
 * Keeps owners within their quotas. What an owner has is asked of the plants, who know, so it is right after any restart; what is
 * being made here and is not yet in their answers is added. Creates of several shops at the same moment do not see each other.
 */
import { ofOwner } from '@vmgrid/access';
import type { Called, ClassAdJson, ConfigureRequest, CreateRequest, Identified, RenewRequest } from '@vmgrid/protocol';
import type { Quotas } from './quota.ts';
import { requireActions, requireLease, requireRoom, type Usage } from './require-within.ts';

/** The VMs of one owner, on all plants that answer. */
export type ListVms = (owner: string) => Promise<readonly ClassAdJson[]>;

interface Admitted {
  readonly requestId: string;
  readonly wanted: Usage;
  /** When it ended, by the desk's count; from then on plants tell of it, or it failed. */
  endedAt?: number;
}

export class QuotaDesk {
  readonly #quotas: Quotas;
  readonly #list: ListVms;
  readonly #admitted = new Map<string, Set<Admitted>>();
  #count = 0;

  constructor(list: ListVms, quotas: Quotas) {
    this.#list = list;
    this.#quotas = quotas;
  }

  /** A create that is within the quota, with the lease that it gets; disposed of when it has ended. */
  async admit<T extends Identified<CreateRequest>>(request: T): Promise<{ readonly request: T } & Disposable> {
    const owner = request.caller?.owner;
    if (owner === undefined) return { request, [Symbol.dispose]: () => undefined };
    const quota = ofOwner(this.#quotas, owner);
    requireActions(owner, quota, request.dag, request.destruction);
    requireLease(owner, quota, request.lease);
    const leased = quota.lease === undefined ? request : { ...request, lease: request.lease ?? quota.lease };
    const limitsRoom = quota.vms !== undefined || quota.memoryMiB !== undefined || quota.diskMiB !== undefined;
    if (!limitsRoom) return { request: leased, [Symbol.dispose]: () => undefined };
    const wanted = { vms: 1, memoryMiB: request.machine.memoryMiB, diskMiB: request.machine.diskMiB };
    const askedAt = this.#count;
    const ads = await this.#list(owner);
    // From here to the entry nothing is waited for: two that are admitted at once see each other.
    const isHeld = ads.some((ad) => ad.RequestId === request.requestId); // asked for again
    if (!isHeld) requireRoom(owner, quota, this.#usage(owner, ads, askedAt), wanted);
    const admitted = this.#add(owner, { requestId: request.requestId, wanted });
    return {
      request: leased,
      [Symbol.dispose]: () => {
        this.#count += 1;
        admitted.endedAt = this.#count;
      },
    };
  }

  requireConfigure({ caller, dag }: Called<ConfigureRequest>): void {
    if (caller) requireActions(caller.owner, ofOwner(this.#quotas, caller.owner), dag);
  }

  requireRenew({ caller, lease }: Called<RenewRequest>): void {
    if (caller) requireLease(caller.owner, ofOwner(this.#quotas, caller.owner), lease);
  }

  /** What an owner has, by plants that were asked then, and is getting. */
  #usage(owner: string, ads: readonly ClassAdJson[], askedAt: number): Usage {
    const told = new Set(ads.map((ad) => ad.RequestId));
    const coming = this.#forgetEnded(owner, askedAt).filter((one) => !told.has(one.requestId));
    const parts = [...ads.map(usageOf), ...coming.map(({ wanted }) => wanted)];
    return parts.reduce(sum, { vms: 0, memoryMiB: 0, diskMiB: 0 });
  }

  /** Those that had ended before the plants were asked are in their answers, or failed. */
  #forgetEnded(owner: string, askedAt: number): readonly Admitted[] {
    const all = this.#admitted.get(owner) ?? new Set();
    for (const one of all) if (one.endedAt !== undefined && one.endedAt <= askedAt) all.delete(one);
    if (all.size === 0) this.#admitted.delete(owner);
    return [...all];
  }

  #add(owner: string, admitted: Admitted): Admitted {
    const all = this.#admitted.get(owner) ?? new Set();
    this.#admitted.set(owner, all.add(admitted));
    return admitted;
  }
}

const usageOf = ({ MemoryMiB, DiskMiB }: ClassAdJson): Usage => ({
  ...{ vms: 1, memoryMiB: Number(MemoryMiB), diskMiB: Number(DiskMiB) },
});

const sum = (a: Usage, b: Usage): Usage => ({
  vms: a.vms + b.vms,
  memoryMiB: a.memoryMiB + b.memoryMiB,
  diskMiB: a.diskMiB + b.diskMiB,
});
