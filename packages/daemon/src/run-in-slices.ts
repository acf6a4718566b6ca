import { setImmediate } from 'node:timers/promises';
import type { Clock } from './clock.ts';

export interface SliceOptions {
  /** How long it may hold the thread at a time. A single step may take longer. */
  readonly sliceMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a long computation, which yields after each of its steps, in slices: whatever else waits has its turn between
 * them.
 * @throws the reason of the signal
 */
export async function runInSlices<T>(
  steps: Iterator<unknown, T>,
  { sliceMs, signal }: SliceOptions,
  clock: Pick<Clock, 'monotonic'>,
): Promise<T> {
  for (;;) {
    signal?.throwIfAborted();
    const until = clock.monotonic() + sliceMs;
    do {
      const step = steps.next();
      if (step.done) return step.value;
    } while (clock.monotonic() < until);
    await setImmediate();
  }
}
