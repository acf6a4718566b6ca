/**
 * The table of the audit trail. Entries are only added. Each owner has a share, so that nobody's entries push out those
 * of others.
 */
import type { DatabaseSync } from 'node:sqlite';
import { inTransaction, openSharedDatabase } from '@vmgrid/daemon';

const TABLE = `
  CREATE TABLE IF NOT EXISTS audit (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    daemon TEXT NOT NULL,
    door TEXT NOT NULL,
    owner TEXT,
    credential TEXT,
    came_from TEXT,
    operation TEXT NOT NULL,
    target TEXT NOT NULL,
    outcome TEXT NOT NULL,
    share TEXT NOT NULL DEFAULT '',
    nth INTEGER NOT NULL DEFAULT 0
  ) STRICT;
`;

/** `nth` counts the entries of a share. */
const rules = (kept: number): string => `
  DROP INDEX IF EXISTS audit_by_owner; -- of earlier trails: no query can use it
  -- It was unique: entries of a daemon of before there were shares are none of a share, all with the same.
  DROP INDEX IF EXISTS audit_by_share;
  CREATE INDEX IF NOT EXISTS audit_of_share ON audit (share, nth);
  CREATE TRIGGER IF NOT EXISTS audit_is_not_changed BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
  DROP TRIGGER IF EXISTS audit_is_not_shortened;
  CREATE TRIGGER audit_is_not_shortened BEFORE DELETE ON audit
    WHEN OLD.nth > (SELECT max(nth) FROM audit WHERE share = OLD.share) - ${kept}
    BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
`;

/** Upgrades a trail from before there were shares: its entries form one share, which gets no more entries. */
const ADD_SHARES = `
  DROP TRIGGER IF EXISTS audit_is_not_changed;
  ALTER TABLE audit ADD COLUMN share TEXT NOT NULL DEFAULT '';
  ALTER TABLE audit ADD COLUMN nth INTEGER NOT NULL DEFAULT 0;
  UPDATE audit SET share = 'before', nth = sequence;
`;

/** `kept`: newest entries of each share that stay. Only older entries may be removed. */
export function openAuditTable(file: string, kept: number): DatabaseSync {
  const database = openSharedDatabase(file, TABLE, { synchronous: 'NORMAL' });
  try {
    inTransaction(database, () => {
      const columns = database.prepare("SELECT name FROM pragma_table_info('audit')").all();
      if (!columns.some(({ name }) => name === 'share')) database.exec(ADD_SHARES);
      database.exec(rules(kept));
    });
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
