/**
 * The plant's small embedded database: learnt durations, final classads of destroyed VMs, recorded requests, and the
 * number of the run. It also keeps a second plant out of the same state directory.
 */
import type { DatabaseSync } from 'node:sqlite';
import { IN_MEMORY, openOwnDatabase } from '@vmgrid/daemon';
import { GridError, ifRoom } from '@vmgrid/protocol';

/**
 * A database that forgot requests before it stored the time until which it forgot them counts everything until now as
 * forgotten.
 */
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
  CREATE TABLE IF NOT EXISTS forgotten (until INTEGER NOT NULL) STRICT;
  INSERT INTO forgotten
    SELECT CASE WHEN (SELECT min(sequence) FROM departed) > 1 THEN unixepoch() * 1000 ELSE 0 END
    WHERE NOT EXISTS (SELECT * FROM forgotten);
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
  CREATE TABLE IF NOT EXISTS runs (id INTEGER PRIMARY KEY CHECK (id = 1), number INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS tended_images (image_id TEXT PRIMARY KEY) STRICT;
`;

/** Opens a database that no other process sees and that ends with this one. */
export const openDatabaseInMemory = (): DatabaseSync => openDatabase(IN_MEMORY);

/** Opens (or makes) the database. @throws GridError STATE_LOCKED when another process has it. */
export const openDatabase = (file: string): DatabaseSync =>
  openOwnDatabase(file, {
    schema: SCHEMA,
    inUse: (cause) => new GridError('STATE_LOCKED', `${file} is in use by another plant`, { file }, { cause }),
  });

/**
 * Returns the number of this run of the plant's process: greater than those of all earlier runs, even if the clock was
 * set back. `now`: milliseconds since the epoch.
 */
export function nextRun(database: DatabaseSync, now: number): number {
  const before = database.prepare('SELECT number FROM runs').get()?.number;
  const number = Math.max(Math.floor(now), before === undefined ? 0 : Number(before) + 1);
  ifRoom(() => database.prepare('INSERT OR REPLACE INTO runs VALUES (1, ?)').run(number));
  return number;
}
