/** Waits that end: nothing waits without a deadline and an AbortSignal, and each deadline says what was waited for. */
import { type Clock, systemClock } from '../clock.ts';

/** How long something may take. */
export interface TimeLimit {
  readonly ms: number;
  /** Ends the wait earlier. */
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Pick<Clock, 'after'>;
}

export interface Deadline extends TimeLimit {
  /**
   * Makes the error of an exceeded deadline. It says what was waited for, on which object, for how long, and what to
   * do.
   */
  readonly late: (ms: number) => Error;
}

/**
 * Does work with a signal that aborts at the deadline, or when the caller's signal does. Work that ignores its signal
 * is still waited for; `abortable` stops waiting for it.
 * @throws what the work throws; when the signal ended the work, the signal's reason: the error of `late`, or the
 * caller's
 */
export async function within<T>(deadline: Deadline, work: (until: AbortSignal) => Promise<T>): Promise<T> {
  const { ms, late, signal, clock = systemClock } = deadline;
  const over = new AbortController();
  const takeBack = clock.after(ms, () => over.abort(late(ms)));
  const until = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]);
  try {
    return await work(until);
  } catch (error) {
    throw until.aborted && isAbortError(error) ? until.reason : error;
  } finally {
    takeBack();
  }
}

/** Returns whether work ended in time, for waits after which something else is tried. @throws as `within` does */
export async function endsWithin(limit: TimeLimit, work: (until: AbortSignal) => Promise<unknown>): Promise<boolean> {
  const late = new Error('it was not over in time; whoever asked has another way');
  try {
    await within({ ...limit, late: () => late }, work);
    return true;
  } catch (error) {
    if (error === late) return false;
    throw error;
  }
}

/** Node's own functions throw this instead of the reason of the signal that ended them. */
const isAbortError = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError';

/** Resolves when the signal aborts, or at once when it has. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/**
 * Returns the result of `work`, or throws the signal's reason if the signal aborts first. The work goes on: whoever
 * started it must end it.
 */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  // The abort has already been reported, so a late failure of the abandoned work is ignored.
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
