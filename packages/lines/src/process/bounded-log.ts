import { appendFileSync, closeSync, type FSWatcher, openSync, readSync, statSync, truncateSync, watch } from 'node:fs';

/** A log that is larger than this is cut. */
export const MAX_LOG_BYTES = 1_048_576;
/** Bytes at the end of a log that a cut keeps. */
const KEPT_BYTES = 65_536;

/**
 * Keeps the log of a running hypervisor short, because a guest may make it complain without end. A log over the limit
 * is cut down to its end. The writer must have opened it for appending; text written during the cut is lost.
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
