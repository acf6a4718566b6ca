/**
 * The audit trail of a machine: its daemons write, and nobody changes what is written. The database refuses to update a row, and to
 * delete one that is not among the oldest beyond `kept`. Entries have names and codes, never a body: no secret gets in.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { openSharedDatabase } from '@vmgrid/daemon';
import type { AuditEntry, AuditQuery, AuditReply, GridError } from '@vmgrid/protocol';
import { WaitingEntries } from './waiting-entries.ts';

/** What a door tells; the trail adds when, and at which daemon. */
export type AuditNote = Omit<AuditEntry, 'sequence' | 'at' | 'daemon'>;

export interface AuditSink {
  /** Why the note waits in memory, such as a full disk; undefined when it is written. */
  add(note: AuditNote): GridError | undefined;
}

/** What doors need: to write, and to answer those who may read. */
export interface AuditTrail extends AuditSink {
  list(query: AuditQuery): AuditReply;
}

export interface AuditOptions {
  readonly daemon: string;
  /** Entries kept; the oldest beyond go. */
  readonly kept?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Refusals of strangers that are noted in a minute, so that whoever has no token cannot fill the trail. */
export const STRANGERS_PER_MINUTE = 60;
const MINUTE_MS = 60_000;

export const AUDIT_KEPT = 200_000;
/** The oldest go after so many more. */
const TRIMMED_EVERY = 1_000;
const TARGET_CHARS = 256;

const schema = (kept: number): string => `
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
    outcome TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS audit_by_owner ON audit (owner, sequence);
  CREATE TRIGGER IF NOT EXISTS audit_is_not_changed BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
  DROP TRIGGER IF EXISTS audit_is_not_shortened;
  CREATE TRIGGER audit_is_not_shortened BEFORE DELETE ON audit
    WHEN OLD.sequence > (SELECT max(sequence) FROM audit) - ${kept}
    BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
`;

export class Audit implements AuditTrail {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #options: Required<AuditOptions>;
  readonly #waiting = new WaitingEntries<TimedNote>({
    write: (note) => this.#write(note),
    lost: (count) => ({ at: this.#options.now(), note: lostNote(count) }),
  });
  #strangers = { minute: 0, noted: 0 };

  constructor(file: string, { daemon, kept = AUDIT_KEPT, now = Date.now }: AuditOptions) {
    this.#options = { daemon, kept, now };
    this.#database = openSharedDatabase(file, schema(kept), { synchronous: 'NORMAL' });
    this.#insert = this.#database.prepare(`
      INSERT INTO audit (at, daemon, door, owner, credential, came_from, operation, target, outcome)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  }

  add(note: AuditNote): GridError | undefined {
    if (note.owner === undefined && !this.#hasRoomForStranger()) return undefined;
    return this.#waiting.add({ at: this.#options.now(), note });
  }

  list({ owner = null, operation = null, outcome = null, before = null, most }: Nullable<AuditQuery>): AuditReply {
    const rows = this.#database
      .prepare(`
        SELECT * FROM audit
        WHERE (:owner IS NULL OR owner = :owner) AND (:operation IS NULL OR operation = :operation)
          AND (:outcome IS NULL OR outcome = :outcome) AND (:before IS NULL OR sequence < :before)
        ORDER BY sequence DESC LIMIT :most`)
      .all({ owner, operation, outcome, before, most });
    return { entries: rows.map(entryOf) };
  }

  close(): void {
    this.#waiting.write();
    this.#database.close();
  }

  #write({ at, note }: TimedNote): void {
    const {
      door,
      owner = null,
      credential = null,
      from = null,
      operation,
      target,
      outcome,
    }: Nullable<AuditNote> = note;
    const short = target.slice(0, TARGET_CHARS);
    const { lastInsertRowid } = this.#insert.run(
      ...[at, this.#options.daemon, door, owner, credential, from, operation, short, outcome],
    );
    if (Number(lastInsertRowid) % TRIMMED_EVERY === 0) this.#trim();
  }

  #hasRoomForStranger(): boolean {
    const minute = Math.floor(this.#options.now() / MINUTE_MS);
    if (minute !== this.#strangers.minute) this.#strangers = { minute, noted: 0 };
    this.#strangers.noted += 1;
    return this.#strangers.noted <= STRANGERS_PER_MINUTE;
  }

  #trim(): void {
    this.#database
      .prepare('DELETE FROM audit WHERE sequence <= (SELECT max(sequence) FROM audit) - ?')
      .run(this.#options.kept);
  }
}

interface TimedNote {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly note: AuditNote;
}

/** Stands where entries would be that came while the disk was full and were too many to wait. */
const lostNote = (count: number): AuditNote => ({
  ...{ door: 'http', operation: 'audit.lost', target: `${count} entries`, outcome: 'HOST_DISK_FULL' },
});

type Nullable<T> = { readonly [K in keyof T]: undefined extends T[K] ? T[K] | null : T[K] };

function entryOf({ at, owner, credential, came_from, ...row }: Record<string, unknown>): AuditEntry {
  const optional = Object.entries({ owner, credential, from: came_from }).filter(([, value]) => value !== null);
  return { ...row, at: new Date(Number(at)).toISOString(), ...Object.fromEntries(optional) } as AuditEntry;
}
