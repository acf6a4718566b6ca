import { GridError } from '@vmgrid/protocol';

export interface AuditBufferDeps<E> {
  /** Writes entries, all or none; throws what SQLite does. */
  readonly write: (entries: readonly E[]) => void;
  /** The entry that says how many could not be kept. */
  readonly lost: (count: number) => E;
  /** Whether an entry is lost before those that are not, when they are too many. */
  readonly isMinor: (entry: E) => boolean;
}

/** Entries that wait in memory at most. */
export const MOST_WAITING = 10_000;
/** Entries that are written together at most: a disk that is almost full still takes some. */
const WRITTEN_AT_ONCE = 100;

/**
 * Entries in the order in which they came, until they are written. When the disk is full they wait on for the next that
 * can be written. Beyond a limit the newest are lost, minor ones before all others, and their number is written at the
 * end.
 */
export class AuditBuffer<E> {
  readonly #deps: AuditBufferDeps<E>;
  readonly #waiting: E[] = [];
  #lost = 0;

  constructor(deps: AuditBufferDeps<E>) {
    this.#deps = deps;
  }

  add(entry: E): void {
    if (this.#waiting.length === MOST_WAITING) this.write();
    if (this.#waiting.length < MOST_WAITING || this.#makeRoomFor(entry)) this.#waiting.push(entry);
    else this.#lost += 1;
  }

  #makeRoomFor(entry: E): boolean {
    const { isMinor } = this.#deps;
    const minor = isMinor(entry) ? -1 : this.#waiting.findLastIndex(isMinor);
    if (minor === -1) return false;
    this.#waiting.splice(minor, 1);
    this.#lost += 1;
    return true;
  }

  /** Writes what waits; returns why it still does. */
  write(): GridError | undefined {
    try {
      while (this.#waiting.length > 0) {
        const next = this.#waiting.slice(0, WRITTEN_AT_ONCE);
        this.#deps.write(next);
        this.#waiting.splice(0, next.length);
      }
      if (this.#lost > 0) this.#deps.write([this.#deps.lost(this.#lost)]);
      this.#lost = 0;
      return undefined;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SQLITE_ERROR') throw error;
      return GridError.from(error);
    }
  }
}
