import { chmodSync, closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

export interface OwnDatabaseOptions {
  /** Statements that make missing tables. */
  readonly schema: string;
  /** Makes the error that is thrown when another process has the database open. */
  readonly inUse: (cause: unknown) => Error;
}

/** SQLite's name for a database without a file. It ends with the process. */
export const IN_MEMORY = ':memory:';

/**
 * Opens (or makes) a database for this process only; the kernel frees it after a crash. Nobody else may read the file
 * (SQLite gives its log the same mode), because it holds what clients asked for.
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

/** Milliseconds that a process waits for another one that writes. */
const BUSY_MS = 5_000;

export interface Durability {
  /** `FULL`: written data survive a power failure; `NORMAL`: they survive the end of any process. */
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

/** Runs work that other processes' writes cannot interrupt. An error rolls all of it back. */
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
