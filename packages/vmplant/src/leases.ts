/** One timer per VM; a lease that ends is handed to the collector. */
import type { Clock } from '@vmgrid/daemon';

export class Leases {
  readonly #clock: Clock;
  readonly #expire: (vmId: string) => void;
  readonly #running = new Map<string, AbortController>();

  constructor(clock: Clock, expire: (vmId: string) => void) {
    this.#clock = clock;
    this.#expire = expire;
  }

  /** Watches a VM's lease; a lease in the past ends at once. Replaces an earlier one. */
  watch(vmId: string, endsAt: string): void {
    this.forget(vmId);
    const controller = new AbortController();
    this.#running.set(vmId, controller);
    const leftMs = Math.max(0, Date.parse(endsAt) - this.#clock.now());
    this.#clock.sleep(leftMs, controller.signal).then(
      () => {
        if (this.#running.get(vmId) !== controller) return; // replaced or forgotten as it ended
        this.#running.delete(vmId);
        this.#expire(vmId);
      },
      () => undefined, // forgotten
    );
  }

  /** Idempotent. */
  forget(vmId: string): void {
    this.#running.get(vmId)?.abort();
    this.#running.delete(vmId);
  }

  forgetAll(): void {
    for (const vmId of [...this.#running.keys()]) this.forget(vmId);
  }
}
