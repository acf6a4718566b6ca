/**
 * Keeps owners within their quotas. The book of VMs has what an owner has, awards included. This class counts what is
 * admitted and not awarded yet. It asks nobody and waits for nothing, so two creates at once see each other. Creates at
 * different shops do not.
 */
import { ofOwner } from '@vmgrid/access';
import { OwnerUse, type Usage, type VmBook } from '@vmgrid/market';
import {
  type Called,
  type ConfigureRequest,
  type CreateRequest,
  type Identified,
  parseDuration,
  type RenewRequest,
  requestKey,
  type ToldVm,
} from '@vmgrid/protocol';
import { type Admitted, Counted } from './admitted.ts';
import type { Quota, Quotas } from './quota.ts';
import { requireActions, requireLease, requireRoom } from './require-within.ts';

export interface QuotaEnforcerDeps {
  readonly book: Pick<VmBook, 'usageOf' | 'isHeldHere' | 'holds' | 'pin' | 'unpin'>;
  readonly clock: { now(): number };
  /** How long one request may take. */
  readonly requestDeadlineMs: number;
  /** Writes what the book was told, so that it is not lost with the process. Left out: it is lost. */
  readonly write?: () => void;
}

/** The name under which creates without an award are counted. */
const NO_PLANT = '';

export class QuotaEnforcer {
  readonly #quotas: Quotas;
  readonly #deps: QuotaEnforcerDeps;
  readonly #write: () => void;
  readonly #waiting = new OwnerUse();

  constructor(deps: QuotaEnforcerDeps, quotas: Quotas) {
    this.#deps = deps;
    this.#write = deps.write ?? (() => undefined);
    this.#quotas = quotas;
  }

  /** A create that is within the quota, to be disposed of when it has ended. @throws GridError QUOTA_… */
  admit<T extends Identified<CreateRequest>>(request: T): Admitted<T> {
    const owner = request.caller?.owner;
    if (owner === undefined) return this.#uncounted(request);
    const quota = ofOwner(this.#quotas, owner);
    requireActions(owner, quota, request.dag, request.destruction);
    requireLease(owner, quota, request.lease);
    const leased = quota.lease === undefined ? request : { ...request, lease: request.lease ?? quota.lease };
    return limitsRoom(quota) ? this.#counted(owner, quota, leased) : this.#uncounted(leased);
  }

  requireConfigure({ caller, dag }: Called<ConfigureRequest>): void {
    if (caller) requireActions(caller.owner, ofOwner(this.#quotas, caller.owner), dag);
  }

  requireRenew({ caller, lease }: Called<RenewRequest>): void {
    if (caller) requireLease(caller.owner, ofOwner(this.#quotas, caller.owner), lease);
  }

  /**
   * Admits a create that no limit concerns. Its award is entered all the same, so that no other plant is awarded it
   * while its plant is away.
   */
  #uncounted<T extends Identified<CreateRequest>>(request: T): Admitted<T> {
    const nothing = () => undefined;
    const award = { vm: this.#vmOf(request), hasVmAlready: true };
    return new Counted(request, award, { ...this.#deps, write: this.#write, count: nothing, requireRoom: nothing });
  }

  #counted<T extends Identified<CreateRequest>>(owner: string, quota: Quota, request: T): Admitted<T> {
    const { book } = this.#deps;
    const vm = this.#vmOf(request);
    const require = () =>
      requireRoom(owner, quota, { used: this.#usageOf(owner), wanted: { vms: 1, ...sizeOf(request) } });
    const hasVmAlready = book.isHeldHere(vm); // asked for again
    if (!hasVmAlready) require();
    const count = (by: 'in' | 'out') => this.#waiting[by === 'in' ? 'add' : 'remove'](owner, NO_PLANT, vm);
    return new Counted(request, { vm, hasVmAlready }, { book, write: this.#write, count, requireRoom: require });
  }

  #vmOf(request: Identified<CreateRequest>): ToldVm {
    const { clock, requestDeadlineMs } = this.#deps;
    return vmOf(request, clock.now() + requestDeadlineMs);
  }

  /** Sums what the owner has and what was admitted for it. */
  #usageOf(owner: string): Usage {
    return sum(this.#deps.book.usageOf(owner), this.#waiting.of(owner));
  }
}

const limitsRoom = ({ vms, memoryMiB, diskMiB }: Quota): boolean =>
  vms !== undefined || memoryMiB !== undefined || diskMiB !== undefined;

const sizeOf = ({ machine: { memoryMiB, diskMiB } }: CreateRequest) => ({ memoryMiB, diskMiB });

/** Makes the entry of a request as a plant would tell it that makes the VM by the given time. */
function vmOf(request: Identified<CreateRequest>, madeBy: number): ToldVm {
  const { lease } = request;
  return {
    ...{ ...requestKey(request), ...sizeOf(request), state: 'planned' },
    ...(lease === undefined ? {} : { leaseEndsAt: new Date(madeBy + parseDuration(lease)).toISOString() }),
  };
}

const sum = (a: Usage, b: Usage): Usage => ({
  vms: a.vms + b.vms,
  memoryMiB: a.memoryMiB + b.memoryMiB,
  diskMiB: a.diskMiB + b.diskMiB,
});
