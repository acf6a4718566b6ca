import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../clock.ts';

export interface SliceOptions {
  /** Milliseconds for which it may hold the thread. A single step may take longer. */
  readonly sliceMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a long computation in slices. The computation yields after each of its steps, and other work has its turn
 * between slices.
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
