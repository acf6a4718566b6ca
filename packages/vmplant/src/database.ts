/**
 * The plant's small embedded database: learnt durations, the last words of VMs that are gone, and recorded requests. It is
 * opened for this process alone, which also keeps a second plant out of the same state directory; the kernel frees it on a
 * crash. Nobody else may read the file (its log gets the same mode from SQLite): it holds what clients asked for.
 */
import { chmodSync, closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { GridError } from '@vmgrid/protocol';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS durations (
    key TEXT PRIMARY KEY,
    mean_seconds REAL NOT NULL,
    samples INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS departed (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    vm_id TEXT NOT NULL UNIQUE,
    request_id TEXT NOT NULL,
    ad TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS departed_by_request ON departed (request_id);
  CREATE TABLE IF NOT EXISTS requests (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    record TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS request_dags (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    shape TEXT NOT NULL UNIQUE,
    dag TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS tended_images (image_id TEXT PRIMARY KEY) STRICT;
`;

/** A database that nobody else sees, and that ends with the process. */
export function openDatabaseInMemory(): DatabaseSync {
  const database = new DatabaseSync(':memory:');
  database.exec(SCHEMA);
  return database;
}

/** Opens (or makes) the database. @throws GridError STATE_LOCKED when another process has it. */
export function openDatabase(file: string): DatabaseSync {
  closeSync(openSync(file, 'a', 0o600));
  chmodSync(file, 0o600);
  const database = new DatabaseSync(file);
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    database.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT;`);
    return database;
  } catch (cause) {
    database.close();
    if (!String(cause).includes('locked')) throw cause;
    throw new GridError('STATE_LOCKED', `${file} is in use by another plant`, { file }, { cause });
  }
}
