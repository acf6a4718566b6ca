/** The time as daemons read it. Tests inject their own. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds of a clock that never steps. */
  monotonic(): number;
  /** Resolves after `ms`, or rejects with the signal's reason. Any length of time is allowed. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /**
   * Calls `work` after `ms`, which may be any length, unless cancelled. Keeps no process alive. Returns the function
   * that cancels it.
   */
  after(ms: number, work: () => void): () => void;
}

/** `setTimeout` fires at once beyond 2^31 - 1 ms, so long sleeps are split. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async sleep(ms, signal) {
    for (let left = ms; left > 0; left -= LONGEST_TIMER_MS) {
      await timer(Math.min(left, LONGEST_TIMER_MS), signal);
    }
  },
  after(ms, work) {
    let timer: NodeJS.Timeout;
    const wait = (left: number): void => {
      const next = () => (left > LONGEST_TIMER_MS ? wait(left - LONGEST_TIMER_MS) : work());
      timer = setTimeout(next, Math.min(left, LONGEST_TIMER_MS)).unref();
    };
    wait(ms);
    return () => clearTimeout(timer);
  },
};

function timer(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const abort = () => {
      clearTimeout(handle);
      reject(signal?.reason);
    };
    const handle = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', abort, { once: true });
  });
}
