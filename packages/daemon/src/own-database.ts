import { chmodSync, closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

export interface OwnDatabaseOptions {
  /** Statements that make what is not there yet. */
  readonly schema: string;
  /** The error to throw when another process has the database. */
  readonly inUse: (cause: unknown) => Error;
}

/** SQLite's name of a database without a file: it ends with the process. */
export const IN_MEMORY = ':memory:';

/**
 * Opens (or makes) a database for this process alone; the kernel frees it on a crash. Nobody else may read the file
 * (its log gets the same mode from SQLite): it holds what clients asked for.
 */
export function openOwnDatabase(file: string, { schema, inUse }: OwnDatabaseOptions): DatabaseSync {
  if (file !== IN_MEMORY) closeToOthers(file);
  const database = new DatabaseSync(file);
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    database.exec(`BEGIN IMMEDIATE; ${schema} COMMIT;`);
    return database;
  } catch (cause) {
    database.close();
    throw String(cause).includes('locked') ? inUse(cause) : cause;
  }
}

/** How long one process waits for another that writes. */
const BUSY_MS = 5_000;

export interface Durability {
  /** `FULL`: what was written is there after a power failure too; `NORMAL`: after the end of any process. */
  readonly synchronous?: 'FULL' | 'NORMAL';
}

/** Opens (or makes) a database that several processes of this user read and write. Nobody else may read the file. */
export function openSharedDatabase(
  file: string,
  schema: string,
  { synchronous = 'FULL' }: Durability = {},
): DatabaseSync {
  closeToOthers(file);
  const database = new DatabaseSync(file);
  try {
    database.exec(`PRAGMA busy_timeout = ${BUSY_MS}; PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous};`);
    database.exec(`BEGIN IMMEDIATE; ${schema} COMMIT;`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Work that no other process's writes come between. What it throws takes all of it back. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK'); // on a full disk SQLite has rolled back by itself
    throw error;
  }
}

function closeToOthers(file: string): void {
  closeSync(openSync(file, 'a', 0o600));
  chmodSync(file, 0o600);
}
