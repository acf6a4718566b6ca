/** Knows whether the plant has requested work, so that unrequested work can wait for it and give way to it. */
import { abortable, aborted, type Clock } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';

export class Activity {
  readonly #clock: Pick<Clock, 'monotonic' | 'sleep'>;
  #running = 0;
  #idle = Promise.withResolvers<void>();
  #quiet = new AbortController();

  constructor(clock: Pick<Clock, 'monotonic' | 'sleep'>) {
    this.#clock = clock;
    this.#idle.resolve();
  }

  /** Aborts when work arrives; already aborted while there is any. */
  get untilWork(): AbortSignal {
    return this.#quiet.signal;
  }

  /** Runs the work, and counts as busy meanwhile. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running++ === 0) {
      this.#idle = Promise.withResolvers();
      this.#quiet.abort(new GridError('CANCELLED', 'the plant has got work'));
    }
    try {
      return await work();
    } finally {
      if (--this.#running === 0) {
        this.#quiet = new AbortController();
        this.#idle.resolve();
      }
    }
  }

  /** Resolves after this long without work. Rejects with the signal's reason. */
  async idleFor(ms: number, signal: AbortSignal): Promise<void> {
    for (let isQuiet = false; !isQuiet; ) {
      await abortable(this.#idle.promise, signal);
      isQuiet = await this.#clock.sleep(ms, AbortSignal.any([signal, this.untilWork])).then(
        () => true,
        () => false,
      );
      signal.throwIfAborted();
    }
  }

  /** Resolves when work arrives, or at once when there is some. Rejects with the signal's reason. */
  nextWork(signal: AbortSignal): Promise<void> {
    return abortable(aborted(this.untilWork), signal);
  }
}
