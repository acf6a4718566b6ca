/** Keeps one timer for each VM: reports when a lease will end soon, and when it has ended. */
import type { Clock } from '@vmgrid/daemon';
import { type HostClock, type LeaseEnd, leaseLeftMs } from './lease-clock.ts';

export interface LeaseListener {
  /** The lease ends within the warning time. Reported once for each `watch`, always before the end. */
  ending(vmId: string): void;
  ended(vmId: string): void;
}

export interface LeasesDeps {
  readonly clock: Pick<Clock, 'sleep'>;
  readonly hostClock: HostClock;
  readonly listener: LeaseListener;
}

export class Leases {
  readonly #deps: LeasesDeps;
  readonly #warningMs: number;
  readonly #running = new Map<string, AbortController>();

  /** `warningMs`: how long before its end a lease counts as ending soon; 0: never. */
  constructor(deps: LeasesDeps, { warningMs }: { readonly warningMs: number }) {
    this.#deps = deps;
    this.#warningMs = warningMs;
  }

  /** Watches a VM's lease, in place of an earlier one; a lease in the past ends at once. */
  watch(vmId: string, lease: Pick<LeaseEnd, 'leaseEndsAt'> & Partial<LeaseEnd>): void {
    this.forget(vmId);
    const controller = new AbortController();
    this.#running.set(vmId, controller);
    void this.#run(vmId, leaseLeftMs(lease, this.#deps.hostClock), controller);
  }

  /** Idempotent. */
  forget(vmId: string): void {
    this.#running.get(vmId)?.abort();
    this.#running.delete(vmId);
  }

  forgetAll(): void {
    for (const vmId of [...this.#running.keys()]) this.forget(vmId);
  }

  async #run(vmId: string, leftMs: number, controller: AbortController): Promise<void> {
    const { listener } = this.#deps;
    const warningMs = Math.min(this.#warningMs, leftMs);
    if (!(await this.#sleep(leftMs - warningMs, vmId, controller))) return;
    if (this.#warningMs > 0) listener.ending(vmId);
    if (!(await this.#sleep(warningMs, vmId, controller))) return;
    this.#running.delete(vmId);
    listener.ended(vmId);
  }

  /** Returns false when the lease was replaced or forgotten meanwhile, even at its very end. */
  async #sleep(ms: number, vmId: string, controller: AbortController): Promise<boolean> {
    await this.#deps.clock.sleep(ms, controller.signal).catch(() => undefined);
    return this.#running.get(vmId) === controller;
  }
}
