/**
 * A lock under which one process at a time moves images in or out, or registers a user. It is SQLite's lock on an empty
 * database file. It works between processes, and between hosts on a shared folder if its file system has locks; the
 * kernel frees it when its holder dies.
 */
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { Semaphore, within } from '@vmgrid/daemon';
import { late } from '@vmgrid/protocol';

export const LOCK_DEADLINE_MS = 10_000;
/** Milliseconds between attempts: there is no event when another process frees the lock. */
const POLL_MS = 2;
const SQLITE_BUSY = 5;

export class WarehouseLock {
  readonly #file: string;
  readonly #database: DatabaseSync;
  readonly #queue = new Semaphore(1);

  constructor(file: string) {
    this.#file = file;
    this.#database = new DatabaseSync(file);
    // Nothing is ever written. With a journal on disk, a full disk could not even be locked to make room.
    this.#database.exec('PRAGMA journal_mode = MEMORY');
  }

  /** Does the work while holding the lock. It must not be nested. @throws GridError DEADLINE_EXCEEDED */
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
