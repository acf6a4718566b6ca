/** Waiting with an end: nothing waits without a deadline and an AbortSignal. */
import { systemClock } from './clock.ts';

/** A signal that fires when `signal` does, or after `ms`. */
export const within = (signal: AbortSignal, ms: number): AbortSignal =>
  AbortSignal.any([signal, AbortSignal.timeout(ms)]);

/** Whether a signal made by `within` fired because of its deadline, not because somebody aborted. */
export const isTimeout = (signal: AbortSignal): boolean =>
  signal.aborted && (signal.reason as Error | undefined)?.name === 'TimeoutError';

/** `work`, or the signal's reason if it fires first. The work goes on: whoever started it ends it. */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  // A late failure of abandoned work has been answered for by the abort.
  work.catch(() => undefined);
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/**
 * Whether the work is done within `ms`; if not, it goes on. Leaves no timer, which would keep the process from ending.
 * @throws what the work throws, the signal's reason
 */
export async function doneWithin(work: Promise<unknown>, ms: number, signal?: AbortSignal): Promise<boolean> {
  const over = new AbortController();
  const until = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]);
  const late = systemClock.sleep(ms, until).then(() => false);
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    over.abort();
  }
}
