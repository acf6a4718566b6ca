/** Handles leases: renews them, warns before they end, and suspends or collects the VM at the end. */
import type { Log } from '@vmgrid/daemon';
import { GridError, type Identified, parseDuration, type RenewRequest, type RequestKey } from '@vmgrid/protocol';
import type { PlantConfig } from '../config.ts';
import type { VmRecord, VmState } from '../vms/vm.ts';
import type { VmRegistry } from '../vms/vm-registry.ts';
import { type HostClock, leaseFor, leaseLeftMs } from './lease-clock.ts';
import { atLeaseEnd, grantLease } from './lease-policy.ts';
import type { LeaseListener, Leases } from './leases.ts';

export interface LeaseServiceDeps {
  readonly registry: VmRegistry;
  readonly leases: Leases;
  readonly hostClock: HostClock;
  readonly log: Log;
  readonly suspend: (vmId: string, request: RequestKey) => Promise<unknown>;
  /** Tries again by itself when it fails. */
  readonly collect: (vmId: string, request: RequestKey) => Promise<unknown>;
  /** Called with a VM whose lease ends soon. */
  readonly warn: (record: VmRecord) => void;
  /** Called when the plant's VMs have changed. */
  readonly changed: () => void;
}

const RENEWABLE: ReadonlySet<VmState> = new Set(['running', 'paused', 'suspended', 'stopped', 'starting', 'failed']);

export class LeaseService implements LeaseListener {
  readonly #deps: LeaseServiceDeps;
  readonly #limits: PlantConfig['lease'];

  constructor(deps: LeaseServiceDeps, { lease }: Pick<PlantConfig, 'lease'>) {
    this.#deps = deps;
    this.#limits = lease;
  }

  /**
   * Gives a VM a new lease, which counts from now. A lease that ends later stays, unless it is to be shortened.
   * @throws GridError VM_UNKNOWN, VM_STATE, LEASE_TOO_LONG
   */
  async renew({ vmId, lease, shorten = false }: Identified<RenewRequest>): Promise<VmRecord> {
    const { registry, hostClock } = this.#deps;
    const record = registry.get(vmId);
    const { state } = record;
    if (!RENEWABLE.has(state)) {
      throw new GridError('VM_STATE', `${vmId} is ${state}: its lease cannot be renewed`, { vmId, state });
    }
    const leaseMs = grantLease(lease, this.#limits);
    if (!shorten && leaseMs < leaseLeftMs(record, hostClock)) return record;
    return this.#extend(vmId, leaseMs);
  }

  ending(vmId: string): void {
    const record = this.#deps.registry.find(vmId);
    if (record) this.#deps.warn(record);
  }

  ended(vmId: string): void {
    void this.#end(vmId);
  }

  async #end(vmId: string): Promise<void> {
    const { registry, log, collect, changed } = this.#deps;
    const record = registry.find(vmId);
    if (!record) return;
    log.info({ vmId, atLeaseEnd: record.atLeaseEnd ?? 'destroy' }, 'the lease has ended');
    try {
      if (atLeaseEnd(record) === 'suspend' && (await this.#suspended(vmId))) return;
      await collect(vmId, { requestId: `lease-${vmId}` });
    } catch (error) {
      log.error({ err: error, vmId }, 'the VM could not be collected');
    } finally {
      changed();
    }
  }

  /** Returns false when the VM could not be suspended. */
  async #suspended(vmId: string): Promise<boolean> {
    try {
      await this.#deps.suspend(vmId, { requestId: `lease-${vmId}` });
      await this.#extend(vmId, parseDuration(this.#limits.suspended));
      return true;
    } catch (error) {
      const { code, message } = GridError.from(error);
      this.#deps.log.error(
        { vmId, code, reason: message },
        'the VM could not be suspended at the end of its lease; it is destroyed',
      );
      return false;
    }
  }

  async #extend(vmId: string, ms: number): Promise<VmRecord> {
    const { registry, leases, hostClock } = this.#deps;
    const lease = leaseFor(ms, hostClock);
    const written = registry.update(vmId, (before) => ({ ...before, ...lease }));
    leases.watch(vmId, lease); // it holds from now on, whether it can be written or not
    return written;
  }
}
