import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { inTransaction } from './own-database.ts';

/** Statement that makes the table of a kept set, if it is not there. */
export const keptSetSchema = (table: string): string => `
  CREATE TABLE IF NOT EXISTS ${table} (sequence INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL UNIQUE) STRICT;
`;

export interface KeptSetOptions {
  /** How many stay: the newest. */
  readonly most: number;
  /** Called with each text that is dropped. */
  readonly dropped?: (text: string) => void;
}

/** A set of texts that outlives the process. It is read once; then a question costs no look at the disk. */
export class KeptSet {
  readonly #database: DatabaseSync;
  readonly #options: KeptSetOptions;
  readonly #insert: StatementSync;
  readonly #trim: StatementSync;
  readonly #texts: Set<string>;
  /** Those that found no room on the disk. They are lost with the process if they never do. */
  readonly #unwritten = new Set<string>();

  constructor(database: DatabaseSync, table: string, options: KeptSetOptions) {
    this.#database = database;
    this.#options = options;
    this.#insert = database.prepare(`INSERT INTO ${table} (text) VALUES (?)`);
    this.#trim = database.prepare(
      `DELETE FROM ${table} WHERE sequence <= (SELECT max(sequence) FROM ${table}) - ? RETURNING text`,
    );
    const rows = database.prepare(`SELECT text FROM ${table} ORDER BY sequence`).all();
    this.#texts = new Set(rows.map(({ text }) => String(text)));
  }

  has(text: string): boolean {
    return this.#texts.has(text);
  }

  values(): Iterable<string> {
    return this.#texts;
  }

  /** Idempotent. @throws what SQLite throws on a full disk; this process knows the text all the same */
  add(text: string): void {
    if (this.#texts.has(text)) return;
    this.#texts.add(text);
    this.#unwritten.add(text);
    const gone = inTransaction(this.#database, () => {
      for (const one of this.#unwritten) this.#insert.run(one);
      return this.#trim.all(this.#options.most).map((row) => String(row.text));
    });
    this.#unwritten.clear();
    for (const one of gone) this.#drop(one);
  }

  #drop(text: string): void {
    this.#texts.delete(text);
    this.#options.dropped?.(text);
  }
}
