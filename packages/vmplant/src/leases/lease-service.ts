/** What happens to VMs by their leases: renewed, warned of, suspended or collected at the end. */
import type { Log } from '@vmgrid/daemon';
import { GridError, type Identified, parseDuration, type RenewRequest, type RequestKey } from '@vmgrid/protocol';
import type { PlantConfig } from '../config.ts';
import type { VmRecord } from '../vms/vm.ts';
import type { VmRegistry } from '../vms/vm-registry.ts';
import { type HostClock, leaseFor } from './lease-clock.ts';
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
  /** Told of a VM whose lease ends soon. */
  readonly warn: (record: VmRecord) => void;
  /** Told when what the plant holds has changed. */
  readonly changed: () => void;
}

export class LeaseService implements LeaseListener {
  readonly #deps: LeaseServiceDeps;
  readonly #limits: PlantConfig['lease'];

  constructor(deps: LeaseServiceDeps, { lease }: Pick<PlantConfig, 'lease'>) {
    this.#deps = deps;
    this.#limits = lease;
  }

  /** Gives a VM a new lease, which counts from now. @throws GridError VM_UNKNOWN, VM_STATE, LEASE_TOO_LONG */
  async renew({ vmId, lease }: Identified<RenewRequest>): Promise<VmRecord> {
    const { state } = this.#deps.registry.get(vmId);
    if (state !== 'running' && state !== 'suspended' && state !== 'failed') {
      throw new GridError('VM_STATE', `${vmId} is ${state}: its lease cannot be renewed`, { vmId, state });
    }
    return this.#extend(vmId, grantLease(lease, this.#limits));
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

  /** False when it could not be suspended. */
  async #suspended(vmId: string): Promise<boolean> {
    try {
      await this.#deps.suspend(vmId, { requestId: `lease-${vmId}` });
      await this.#extend(vmId, parseDuration(this.#limits.suspended));
      return true;
    } catch (error) {
      const { code, message } = GridError.from(error);
      this.#deps.log.error(
        { vmId, code, reason: message },
        'the VM could not be suspended as its lease ended; it goes',
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
