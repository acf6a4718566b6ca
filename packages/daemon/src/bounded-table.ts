import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { inTransaction } from './own-database.ts';

/** Rows, and the sum of their column `bytes`. */
export interface TableSize {
  readonly rows: number;
  readonly bytes: number;
}

/**
 * A table of which the newest rows stay: as many as its limits have room for. It has the columns `sequence` (its
 * primary key, which grows) and `bytes`, and `at` where age counts. Nobody else changes it. What it has is counted
 * once, as it is opened, so a change costs what it changes, however full the table is.
 */
export class BoundedTable {
  readonly #database: DatabaseSync;
  readonly #limits: TableSize;
  readonly #oldest: StatementSync;
  readonly #remove: StatementSync;
  #size: TableSize;

  /** `age`: whether rows go by age, too. */
  constructor(database: DatabaseSync, table: string, limits: TableSize, { age = false } = {}) {
    this.#database = database;
    this.#limits = limits;
    const columns = age ? 'sequence, bytes, at' : 'sequence, bytes';
    this.#oldest = database.prepare(`SELECT ${columns} FROM ${table} ORDER BY sequence LIMIT 1`);
    this.#remove = database.prepare(`DELETE FROM ${table} WHERE sequence = ?`);
    const counted = database.prepare(`SELECT count(*) AS rows, coalesce(sum(bytes), 0) AS bytes FROM ${table}`).get()!;
    this.#size = { rows: Number(counted.rows), bytes: Number(counted.bytes) };
  }

  /**
   * Changes the table in a transaction, in which the oldest go that there is no room for any more, or that came no
   * later than `expired` (in what `at` counts). `work` says by how much the table has grown. What it or SQLite throws
   * takes all of it back.
   */
  change(work: () => TableSize, expired = Number.NEGATIVE_INFINITY): void {
    this.#size = inTransaction(this.#database, () => {
      const { rows, bytes } = work();
      return this.#trimmed({ rows: this.#size.rows + rows, bytes: this.#size.bytes + bytes }, expired);
    });
  }

  #trimmed(size: TableSize, expired: number): TableSize {
    let { rows, bytes } = size;
    for (;;) {
      const oldest = this.#oldest.get();
      if (oldest === undefined) return { rows, bytes };
      const isTooMuch = rows > this.#limits.rows || bytes > this.#limits.bytes;
      if (!isTooMuch && !(Number(oldest.at) <= expired)) return { rows, bytes };
      this.#remove.run(Number(oldest.sequence));
      rows -= 1;
      bytes -= Number(oldest.bytes);
    }
  }
}
