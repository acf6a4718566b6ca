/**
 * The trails of past auctions, bounded in number and size. They lie in a file so that a shop that was started again
 * still prints them; without a state directory they are in memory. Losing them loses no VM.
 *
 * A trail is written a moment after it was handed over, together with others: an auction never waits for the disk, nor
 * does it fail because the disk is full.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { BoundedTable, openOwnDatabase, type TableSize } from '@vmgrid/daemon';
import {
  type AuctionListReply,
  type Called,
  type Caller,
  cursorAt,
  GridError,
  ifRoom,
  keyAt,
  type PageQuery,
  sees,
  type Trail,
} from '@vmgrid/protocol';
import { trailText } from './trail-text.ts';

export interface AuctionHistoryOptions {
  /** A file, or `IN_MEMORY`. */
  readonly file: string;
  readonly kept: number;
  readonly keptBytes: number;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS auctions (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    auction_id TEXT NOT NULL UNIQUE,
    request_id TEXT NOT NULL,
    head TEXT, -- what lists show beside the ids: a trail takes long to read
    bytes INTEGER NOT NULL,
    trail TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS auctions_by_request ON auctions (request_id);
`;

/** From the first trail that waits until all that wait are written. */
const WRITTEN_WITHIN_MS = 200;
/** Trails that wait for room on the disk; the oldest go. */
export const MOST_UNWRITTEN = 1_000;

/** Auctions of one page, where nothing is said. */
const LISTED = 100;

interface AuctionListing extends PageQuery {
  readonly requestId?: string;
}

interface Selection {
  readonly requestId: string | undefined;
  /** Id of an auction. */
  readonly before: string | undefined;
  readonly most: number;
}

export class AuctionHistory {
  readonly #database: DatabaseSync;
  readonly #statements: Record<keyof typeof STATEMENTS, StatementSync>;
  readonly #options: AuctionHistoryOptions;
  readonly #table: BoundedTable;
  readonly #unwritten = new Map<string, OwnedTrail>();
  #timer: NodeJS.Timeout | undefined;

  /** @throws GridError STATE_LOCKED when another shop has the file */
  constructor(options: AuctionHistoryOptions) {
    this.#options = options;
    this.#database = openDatabase(options.file);
    addColumns(this.#database);
    const prepare = (name: keyof typeof STATEMENTS) => this.#database.prepare(STATEMENTS[name]);
    this.#statements = {
      ...{ find: prepare('find'), bytesOf: prepare('bytesOf'), put: prepare('put') },
    };
    this.#table = new BoundedTable(this.#database, 'auctions', { rows: options.kept, bytes: options.keptBytes });
  }

  /** Keeps the trail of an owner's request; one of the same auction takes its place. */
  keep(trail: Trail, owner: string | undefined): void {
    this.#unwritten.set(trail.auctionId, { trail, owner });
    if (this.#unwritten.size > MOST_UNWRITTEN) this.#unwritten.delete(this.#unwritten.keys().next().value!);
    this.#timer ??= setTimeout(() => this.#write(), WRITTEN_WITHIN_MS);
  }

  /** @throws GridError AUCTION_UNKNOWN */
  get({ auctionId, caller }: Called<{ readonly auctionId: string }>): Trail {
    const row = this.#unwritten.get(auctionId) ?? this.#read(auctionId);
    if (row && sees(caller, row.owner)) return row.trail;
    const { kept } = this.#options;
    throw new GridError('AUCTION_UNKNOWN', `no auction ${auctionId} is known here; the last ${kept} are kept`, {
      auctionId,
      kept,
    });
  }

  /**
   * The newest first; those of one request when it is named. @throws GridError REQUEST_INVALID for a cursor that is
   * none
   */
  list({ requestId, caller, limit = LISTED, cursor }: Called<AuctionListing>): AuctionListReply {
    this.#write();
    const before = cursor === undefined ? undefined : keyAt(cursor);
    const all = [...this.#unwritten.values()].reverse().filter(({ trail, owner }) => {
      return (requestId === undefined || trail.requestId === requestId) && sees(caller, owner);
    });
    // All that wait to be written are newer than those that are.
    const at = all.findIndex(({ trail }) => trail.auctionId === before);
    const waiting = before === undefined || at >= 0 ? all.slice(at + 1) : [];
    const rows = this.#select(caller, { requestId, before: at >= 0 ? undefined : before, most: limit + 1 });
    const heads = [
      ...waiting.map(({ trail }) => headOf(trail)),
      ...rows.map(headIn).filter(({ auctionId }) => !this.#unwritten.has(auctionId)),
    ];
    const auctions = heads.slice(0, limit);
    return heads.length > limit ? { auctions, next: cursorAt(auctions.at(-1)!.auctionId) } : { auctions };
  }

  /** Writes what waits, and closes. */
  close(): void {
    this.#write();
    this.#database.close();
  }

  #read(auctionId: string): OwnedTrail | undefined {
    const row = this.#statements.find.get(auctionId);
    return row && { trail: JSON.parse(String(row.trail)), owner: row.owner === null ? undefined : String(row.owner) };
  }

  /** Each of what may be asked has an index. */
  #select(caller: Caller | undefined, { requestId, before, most }: Selection) {
    const all = caller?.sees === 'all';
    const conditions = [
      ...(requestId === undefined ? [] : ['request_id = :requestId']),
      ...(before === undefined ? [] : [BEFORE]),
      ...(all ? [] : [OWNED]),
    ];
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    return this.#database.prepare(`${LISTING} ${where} ORDER BY sequence DESC LIMIT :most`).all({
      ...{ most, ...(requestId !== undefined && { requestId }), ...(before !== undefined && { before }) },
      ...(all ? {} : { owner: caller?.owner ?? null }),
    });
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#unwritten.size === 0) return;
    const areWritten = ifRoom(() => this.#table.change(() => this.#putAll()));
    if (areWritten) this.#unwritten.clear(); // else they wait for the next that comes
  }

  /** Returns by how much the table has grown. */
  #putAll(): TableSize {
    let [rows, bytes] = [0, 0];
    for (const { trail, owner = null } of this.#unwritten.values()) {
      const text = trailText(trail);
      const before = this.#statements.bytesOf.get(trail.auctionId);
      const { auctionId, requestId, ...head } = headOf(trail);
      this.#statements.put.run(auctionId, requestId, owner, JSON.stringify(head), text.length, text);
      rows += before ? 0 : 1;
      bytes += text.length - Number(before?.bytes ?? 0);
    }
    return { rows, bytes };
  }
}

/** A trail that an earlier version kept has no head. */
const LISTING = `
  SELECT auction_id AS auctionId, request_id AS requestId, head, CASE WHEN head IS NULL THEN trail END AS trail
  FROM auctions`;
const OWNED = 'owner IS :owner';
/** None when the auction of the cursor is kept no longer: then all older ones are gone too. */
const BEFORE = 'sequence < (SELECT sequence FROM auctions WHERE auction_id = :before)';

const STATEMENTS = {
  find: 'SELECT trail, owner FROM auctions WHERE auction_id = ?',
  bytesOf: 'SELECT bytes FROM auctions WHERE auction_id = ?',
  put: `
    INSERT INTO auctions (auction_id, request_id, owner, head, bytes, trail) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (auction_id) DO UPDATE SET head = excluded.head, bytes = excluded.bytes, trail = excluded.trail`,
} as const;

const openDatabase = (file: string): DatabaseSync =>
  openOwnDatabase(file, {
    schema: SCHEMA,
    inUse: (cause) => new GridError('STATE_LOCKED', `${file} is in use by another shop`, { file }, { cause }),
  });

/** Trails that an earlier version kept are nobody's. */
function addColumns(database: DatabaseSync): void {
  const known = database.prepare("SELECT name FROM pragma_table_info('auctions')").all();
  for (const column of ['owner', 'head']) {
    if (known.every(({ name }) => name !== column)) database.exec(`ALTER TABLE auctions ADD COLUMN ${column} TEXT`);
  }
  database.exec('CREATE INDEX IF NOT EXISTS auctions_by_owner ON auctions (owner)');
}

interface OwnedTrail {
  readonly trail: Trail;
  readonly owner: string | undefined;
}

type Head = AuctionListReply['auctions'][number];

const headIn = ({ head, trail, ...ids }: Record<string, unknown>): Head =>
  head === null ? headOf(JSON.parse(String(trail))) : { ...ids, ...JSON.parse(String(head)) };

function headOf({ auctionId, requestId, openedAt, closedAfterMs, summary, awards }: Trail): Head {
  const winner = awards.find(({ outcome }) => outcome === 'accepted')?.plantId;
  return { auctionId, requestId, openedAt, closedAfterMs, summary, ...(winner === undefined ? {} : { winner }) };
}
