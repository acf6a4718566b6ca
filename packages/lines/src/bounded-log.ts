import { appendFileSync, closeSync, type FSWatcher, openSync, readSync, statSync, truncateSync, watch } from 'node:fs';

/** What a log may have grown to when it is cut. */
export const MAX_LOG_BYTES = 1_048_576;
/** What is kept of its end then. */
const KEPT_BYTES = 65_536;

/**
 * Keeps the log of a running hypervisor short: a guest may bring it to complain without end. A full one is cut down to
 * its end. Whoever writes it has opened it for appending; what it writes amid the cut is lost.
 */
export class BoundedLog {
  readonly #path: string;
  readonly #watcher: FSWatcher;

  constructor(path: string) {
    this.#path = path;
    closeSync(openSync(path, 'a', 0o640));
    this.#watcher = watch(path, () => this.#look());
    this.#watcher.on('error', () => undefined);
    this.#look(); // what came while nobody watched
  }

  close(): void {
    this.#watcher.close();
  }

  #look(): void {
    const size = statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
    if (size > MAX_LOG_BYTES) cut(this.#path, size);
  }
}

function cut(path: string, size: number): void {
  const last = Buffer.alloc(KEPT_BYTES);
  const file = openSync(path, 'r');
  try {
    readSync(file, last, 0, KEPT_BYTES, size - KEPT_BYTES);
  } finally {
    closeSync(file);
  }
  truncateSync(path);
  appendFileSync(path, last);
}
