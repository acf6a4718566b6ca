/**
 * The audit trail of a machine. Its daemons write, and nobody changes what is written. Each owner has one share for
 * changes and one for everything else; strangers have one. Beyond `kept` entries the oldest of a share are removed, and
 * an entry says so. Entries hold names and codes, never a body, so no secret gets in.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { inTransaction, runInSlices, systemClock } from '@vmgrid/daemon';
import type { AuditEntry, AuditQuery, AuditReply, GridError } from '@vmgrid/protocol';
import { AuditBuffer } from './audit-buffer.ts';
import type { AuditNote, AuditSink } from './audit-note.ts';
import { openAuditTable } from './audit-table.ts';
import { isChange } from './grants.ts';
import { RefusalLimiter, type Unnoted } from './refusal-limiter.ts';

/** The part of the trail that endpoints use: they write, and answer readers. */
export interface AuditTrail extends AuditSink {
  /** @throws the reason of the signal */
  list(query: AuditQuery, signal: AbortSignal): Promise<AuditReply>;
  /** Writes the waiting entries. A daemon calls this when it ends. */
  close(): void;
}

export interface AuditOptions {
  readonly daemon: string;
  /** Entries kept of each share. */
  readonly kept?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

export const AUDIT_KEPT = 50_000;
/** Trim a share once per this many new entries. */
const TRIMMED_EVERY = 1_000;
const TARGET_CHARS = 256;
/** Entries that one step of a search reads. */
const WINDOW = 1_000;
/** Longest time that listing holds the thread, in milliseconds. */
const LISTING_SLICE_MS = 5;

export class Audit implements AuditTrail {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #span: StatementSync;
  readonly #select: StatementSync;
  readonly #options: Required<AuditOptions>;
  readonly #waiting = new AuditBuffer<TimedNote>({
    write: (notes) => this.#write(notes),
    lost: (count) => ({ at: this.#options.now(), note: lostNote(count) }),
    isMinor: ({ note }) => note.door !== 'trail' && !tellsOfChange(note),
  });
  #nextWrite: Promise<GridError | undefined> | undefined;
  readonly #refusals = new RefusalLimiter((unnoted) =>
    this.#waiting.add({ at: this.#options.now(), note: unnotedNote(unnoted) }),
  );

  constructor(file: string, { daemon, kept = AUDIT_KEPT, now = Date.now }: AuditOptions) {
    this.#options = { daemon, kept, now };
    this.#database = openAuditTable(file, kept);
    this.#insert = this.#database.prepare(`
      INSERT INTO audit (at, daemon, door, owner, credential, came_from, operation, target, outcome, share, nth)
      SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, :share, coalesce(max(nth), 0) + 1 FROM audit WHERE share = :share
      RETURNING nth`);
    this.#span = this.#database.prepare(
      'SELECT coalesce(min(sequence), 0) AS oldest, coalesce(max(sequence), 0) AS newest FROM audit',
    );
    this.#select = this.#database.prepare(`
      SELECT sequence, at, daemon, door, owner, credential, came_from, operation, target, outcome FROM audit
      WHERE sequence >= :start AND sequence < :end AND (:owner IS NULL OR owner = :owner)
        AND (:operation IS NULL OR operation = :operation) AND (:outcome IS NULL OR outcome = :outcome)
      ORDER BY sequence DESC LIMIT :most`);
  }

  add(note: AuditNote): void {
    const at = this.#options.now();
    if (this.#refusals.hasRoomFor(note, at)) this.#waiting.add({ at, note });
    void this.written();
  }

  /** One transaction costs as much as many entries, so the entries of one turn of the event loop share one. */
  written(): Promise<GridError | undefined> {
    this.#nextWrite ??= setImmediate().then(() => {
      this.#nextWrite = undefined;
      return this.#database.isOpen ? this.#waiting.write() : undefined;
    });
    return this.#nextWrite;
  }

  async list(query: AuditQuery, signal: AbortSignal): Promise<AuditReply> {
    this.#waiting.write();
    return { entries: await runInSlices(this.#find(query), { sliceMs: LISTING_SLICE_MS, signal }, systemClock) };
  }

  /**
   * Yields the newest entries first, one window at a time: what is searched may be far back, and the daemon has other
   * work.
   */
  *#find({ before, most, ...words }: AuditQuery): Generator<void, AuditEntry[]> {
    const { oldest, newest } = this.#span.get()!;
    const { owner = null, operation = null, outcome = null } = words;
    const entries: AuditEntry[] = [];
    let end = Math.min(before ?? Number.POSITIVE_INFINITY, Number(newest) + 1);
    for (; end > Number(oldest) && entries.length < most; end -= WINDOW) {
      const window = { start: end - WINDOW, end, most: most - entries.length };
      entries.push(...this.#select.all({ owner, operation, outcome, ...window }).map(entryOf));
      yield;
    }
    return entries;
  }

  close(): void {
    this.#refusals.tell();
    this.#waiting.write();
    this.#database.close();
  }

  /** Entries that cannot make room for themselves are not written, and wait. */
  #write(notes: readonly TimedNote[]): void {
    inTransaction(this.#database, () => {
      for (const timed of notes) {
        const nth = this.#append(timed);
        if (nth % TRIMMED_EVERY === 0) this.#trim(shareOf(timed.note), nth);
      }
    });
  }

  /** Appends the entry and returns its number within its share. */
  #append({ at, note }: TimedNote): number {
    const { door, owner, credential, from, operation, outcome } = note;
    const target = note.target.slice(0, TARGET_CHARS);
    const row = [at, this.#options.daemon, door, owner, credential, from, operation, target, outcome];
    const { nth } = this.#insert.get({ share: shareOf(note) }, ...row.map((value) => value ?? null))!;
    return Number(nth);
  }

  /** Removes old entries, and notes it only when there is something to remove. */
  #trim(share: string, newest: number): void {
    const last = newest - this.#options.kept;
    const row = this.#database.prepare('SELECT at FROM audit WHERE share = ? AND nth = ?').get(share, last);
    if (row === undefined) return;
    const { changes } = this.#database.prepare('DELETE FROM audit WHERE share = ? AND nth <= ?').run(share, last);
    const target = `${changes} ${share}, the last of ${new Date(Number(row.at)).toISOString()}`;
    this.#append({ at: this.#options.now(), note: { door: 'trail', operation: 'audit.trim', target, outcome: 'ok' } });
  }
}

/** Reads never evict an owner's changes; owners never evict each other's entries. */
function shareOf(note: AuditNote): string {
  if (note.door === 'trail') return 'notes of the trail';
  const kind = tellsOfChange(note) ? 'changes' : 'other entries';
  return `${kind} of ${note.owner ?? 'strangers and links'}`;
}

const tellsOfChange = ({ door, operation }: AuditNote): boolean => isChange(operation) || door === 'command';

interface TimedNote {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly note: AuditNote;
}

/** Takes the place of entries that came while the disk was full and did not fit into memory. */
const lostNote = (count: number): AuditNote => ({
  ...{ door: 'trail', operation: 'audit.lost', target: `${count} entries`, outcome: 'HOST_DISK_FULL' },
});

const unnotedNote = ({ of, count, from }: Unnoted): AuditNote => {
  const target = `${count} more refusals of ${of} in the minute from ${new Date(from).toISOString()}`;
  return { door: 'trail', operation: 'audit.refusals', target, outcome: 'ok' };
};

function entryOf({ at, owner, credential, came_from, ...row }: Record<string, unknown>): AuditEntry {
  const optional = Object.entries({ owner, credential, from: came_from }).filter(([, value]) => value !== null);
  return { ...row, at: new Date(Number(at)).toISOString(), ...Object.fromEntries(optional) } as AuditEntry;
}
