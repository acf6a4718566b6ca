/**
 * One process at a time may move images in or out, or register a user. The lock is SQLite's on an empty database file:
 * it holds between processes, on a shared folder between hosts if its file system has locks, and the kernel frees it
 * when the holder dies.
 */
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { Semaphore, within } from '@vmgrid/daemon';
import { late } from '@vmgrid/protocol';

export const LOCK_DEADLINE_MS = 10_000;
/** A lock that another process frees is no event here. */
const POLL_MS = 2;
const SQLITE_BUSY = 5;

export class WarehouseLock {
  readonly #file: string;
  readonly #database: DatabaseSync;
  readonly #queue = new Semaphore(1);

  constructor(file: string) {
    this.#file = file;
    this.#database = new DatabaseSync(file);
    // Nothing is ever written: with a journal on the disk, a full one could not even be locked to make room.
    this.#database.exec('PRAGMA journal_mode = MEMORY');
  }

  /** Does the work while holding the lock; never nested. @throws GridError DEADLINE_EXCEEDED */
  hold<T>(work: () => Promise<T>): Promise<T> {
    const taken = late('DEADLINE_EXCEEDED', `${this.#file} was not free`, { file: this.#file });
    return within({ ms: LOCK_DEADLINE_MS, late: taken }, (until) =>
      this.#queue.pass(() => this.#locked(work, until), until),
    );
  }

  async #locked<T>(work: () => Promise<T>, deadline: AbortSignal): Promise<T> {
    while (!this.#tryLock()) {
      deadline.throwIfAborted();
      await sleep(POLL_MS);
    }
    try {
      return await work();
    } finally {
      this.#database.exec('ROLLBACK');
    }
  }

  #tryLock(): boolean {
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      return true;
    } catch (error) {
      if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return false;
      throw error;
    }
  }
}
