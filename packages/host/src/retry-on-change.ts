import { watch } from 'node:fs';
import { abortable } from '@vmgrid/daemon';

/**
 * Tries until a try gives a result, again after each change of the folder. Between two tries it listens for one change
 * only, however many occur. @throws what a try throws; the signal's reason; an error when the folder cannot be watched
 */
export async function retryOnChange<T>(
  folder: string,
  attempt: () => Promise<T | undefined>,
  signal: AbortSignal,
): Promise<T> {
  let change = Promise.withResolvers<void>();
  const watcher = watch(folder, () => change.resolve());
  watcher.on('error', (error) => change.reject(error));
  try {
    for (;;) {
      signal.throwIfAborted();
      change = Promise.withResolvers(); // before the try: what changes amid it counts
      change.promise.catch(() => undefined);
      const result = await attempt();
      if (result !== undefined) return result;
      await abortable(change.promise, signal);
    }
  } finally {
    watcher.close();
  }
}
