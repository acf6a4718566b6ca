/** The first moments of a restarted shop, in which the plants of the shop before come back one by one. */
import type { MemberChange } from '@vmgrid/market';

export interface StartupGracePeriodOptions {
  readonly clock: { sleep(ms: number, signal?: AbortSignal): Promise<void> };
  /** How long they are waited for. */
  readonly withinMs: number;
}

export class StartupGracePeriod {
  readonly #missing: Set<string>;
  readonly #end = new AbortController();
  /** Resolves when all are there again, or were waited for long enough. */
  readonly over: Promise<void>;

  constructor(plantIds: readonly string[], { clock, withinMs }: StartupGracePeriodOptions) {
    this.#missing = new Set(plantIds);
    this.over = clock.sleep(withinMs, this.#end.signal).catch(() => undefined);
    if (this.#missing.size === 0) this.close();
  }

  note({ change, role, plantId }: MemberChange): void {
    if (role !== 'plant' || change !== 'joined') return;
    this.#missing.delete(plantId);
    if (this.#missing.size === 0) this.close();
  }

  /** Waits no longer. */
  close(): void {
    this.#end.abort();
  }
}
