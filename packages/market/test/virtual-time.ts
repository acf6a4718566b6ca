import type { MarketClock } from '../src/index.ts';

/** Time that passes only when everything else waits for it. */
export class VirtualTime implements MarketClock {
  #ms = 0;
  readonly #sleepers = new Set<{ readonly dueAt: number; readonly wake: () => void }>();

  now(): number {
    return Date.UTC(2026, 0, 1) + this.#ms;
  }

  monotonic(): number {
    return this.#ms;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const sleeper = { dueAt: this.#ms + ms, wake: resolve };
      this.#sleepers.add(sleeper);
      const abort = () => {
        this.#sleepers.delete(sleeper);
        reject(signal?.reason);
      };
      if (signal?.aborted) abort();
      signal?.addEventListener('abort', abort);
    });
  }

  /** How many still sleep. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  pass(ms: number): void {
    this.#ms += ms;
  }

  /** Lets time pass, from one sleeper to the next, until the work is settled. */
  async until<T>(work: Promise<T>): Promise<T> {
    let settled = false;
    const done = () => {
      settled = true;
    };
    work.then(done, done);
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (settled) return work;
      this.#wakeNext();
    }
  }

  #wakeNext(): void {
    const next = [...this.#sleepers].sort((a, b) => a.dueAt - b.dueAt)[0];
    if (!next) throw new Error('everything waits and nothing sleeps');
    this.#sleepers.delete(next);
    this.#ms = Math.max(this.#ms, next.dueAt);
    next.wake();
  }
}
