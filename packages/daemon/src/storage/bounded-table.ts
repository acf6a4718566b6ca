import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { inTransaction } from './own-database.ts';

/** A number of rows, and the sum of their column `bytes`. */
export interface TableSize {
  readonly rows: number;
  readonly bytes: number;
}

export interface TableLimits extends TableSize {
  /** Whether rows also expire by age. */
  readonly age?: boolean;
}

/**
 * A table that keeps its newest rows, as many as its limits allow. It has the columns `sequence` (its primary key,
 * which grows) and `bytes`, and `at` when rows expire by age. Nobody else may change it. Its rows are counted once,
 * when it is opened, so a change costs only what it changes, however full the table is.
 */
export class BoundedTable {
  readonly #database: DatabaseSync;
  readonly #limits: TableSize;
  readonly #oldest: StatementSync;
  readonly #remove: StatementSync;
  #size: TableSize;

  constructor(database: DatabaseSync, table: string, { age = false, ...limits }: TableLimits) {
    this.#database = database;
    this.#limits = limits;
    const columns = age ? 'sequence, bytes, at' : 'sequence, bytes';
    this.#oldest = database.prepare(`SELECT ${columns} FROM ${table} ORDER BY sequence LIMIT 1`);
    this.#remove = database.prepare(`DELETE FROM ${table} WHERE sequence = ?`);
    const counted = database.prepare(`SELECT count(*) AS rows, coalesce(sum(bytes), 0) AS bytes FROM ${table}`).get()!;
    this.#size = { rows: Number(counted.rows), bytes: Number(counted.bytes) };
  }

  /**
   * Changes the table in a transaction. It also removes the oldest rows beyond the limits, and rows whose `at` is not
   * after `expired`. `work` returns by how much the table has grown. An error of the work or of SQLite rolls everything
   * back.
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
