import { GridError } from '@vmgrid/protocol';

export interface AuditBufferDeps<E> {
  /** Writes entries, all or none; throws what SQLite does. */
  readonly write: (entries: readonly E[]) => void;
  /** Makes the entry that says how many entries were lost. */
  readonly lost: (count: number) => E;
  /** Whether an entry is lost before entries that are not minor, when too many wait. */
  readonly isMinor: (entry: E) => boolean;
}

/** Most entries that wait in memory. */
export const MOST_WAITING = 10_000;
/** Most entries that are written together: a disk that is almost full still takes a few. */
const WRITTEN_AT_ONCE = 100;

/**
 * Keeps entries in the order in which they came until they are written. When the disk is full they wait for the next
 * entry that can be written. Beyond a limit the newest are dropped, minor ones first, and their number is written
 * later.
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

  /** Writes the waiting entries. Returns the reason when they still wait. */
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
