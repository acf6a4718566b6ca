/** Final classads of destroyed VMs, so that a late `destroy`, `query` or repeated request gets a true answer. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type RequestBook, timeOfRequest } from '@vmgrid/bidding';
import { inTransaction } from '@vmgrid/daemon';
import { type ClassAdJson, ifRoom, type RequestKey } from '@vmgrid/protocol';

/** VMs that are remembered; the oldest are dropped first. */
export const DEPARTED_KEPT = 10_000;

export interface DepartedOptions {
  /** Called for each request when it is remembered and when it is forgotten. */
  readonly requests: RequestBook;
  readonly clock: { now(): number };
}

/** Each bid asks whether its request was here before, so the statements are prepared once. */
export class DestroyedVms {
  readonly #database: DatabaseSync;
  readonly #options: DepartedOptions;
  readonly #keep: StatementSync;
  readonly #trim: StatementSync;
  readonly #byVm: StatementSync;
  readonly #byRequest: StatementSync;
  readonly #keepForgotten: StatementSync;
  #forgottenUntil: number;
  /** The value in the database; it is older when the disk was full. */
  #writtenUntil: number;

  constructor(database: DatabaseSync, options: DepartedOptions) {
    this.#database = database;
    this.#options = options;
    this.#keep = database.prepare(
      `INSERT INTO departed (vm_id, request_id, ad) VALUES (?, ?, ?)
       ON CONFLICT (vm_id) DO UPDATE SET ad = excluded.ad`,
    );
    this.#trim = database.prepare(
      `DELETE FROM departed WHERE sequence <= (SELECT max(sequence) FROM departed) - ? RETURNING request_id AS id`,
    );
    this.#byVm = database.prepare(select('vm_id'));
    this.#byRequest = database.prepare(select('request_id'));
    this.#keepForgotten = database.prepare('UPDATE forgotten SET until = ?');
    this.#writtenUntil = Number(database.prepare('SELECT until FROM forgotten').get()!.until);
    this.#forgottenUntil = this.#writtenUntil;
    for (const { id } of database.prepare('SELECT request_id AS id FROM departed').iterate()) {
      options.requests.add(String(id));
    }
  }

  /**
   * The latest time in the ids of forgotten requests, in milliseconds since the epoch; 0 when no forgotten id has a
   * time.
   */
  get forgottenUntil(): number {
    return this.#forgottenUntil;
  }

  /** A VM that was destroyed before keeps its place. The cost is the same however many there are. */
  add(vmId: string, requestId: string, ad: ClassAdJson): void {
    const isNew = this.byVm(vmId) === undefined;
    const forgotten = inTransaction(this.#database, () => {
      this.#keep.run(vmId, requestId, JSON.stringify(ad));
      const trimmed = this.#trim.all(DEPARTED_KEPT).map(({ id }) => String(id));
      const until = this.#untilWithout(trimmed);
      if (until !== this.#writtenUntil) this.#keepForgotten.run(until);
      return { trimmed, until };
    });
    if (isNew) this.#options.requests.add(requestId);
    for (const id of forgotten.trimmed) this.#options.requests.drop(id);
    this.#forgottenUntil = forgotten.until;
    this.#writtenUntil = forgotten.until;
  }

  /**
   * Forgets the request of a VM whose final classad could not be stored. If this cannot be stored either, it is written
   * together with the next destroyed VM.
   */
  forget(requestId: string): void {
    const until = this.#untilWithout([requestId]);
    this.#forgottenUntil = until;
    if (ifRoom(() => this.#keepForgotten.run(until))) this.#writtenUntil = until;
  }

  byVm(vmId: string): ClassAdJson | undefined {
    return adOf(this.#byVm.get(vmId));
  }

  /** Returns the ad of the request; if there are several with this id, the owner's. */
  byRequest({ requestId, owner }: RequestKey): ClassAdJson | undefined {
    const ads = this.#byRequest.all(requestId).map(adOf);
    return ads.find((ad) => ad?.Owner === owner);
  }

  /**
   * An id whose time is still in the future is ignored: until then it would make the plant refuse all requests of all
   * owners.
   */
  #untilWithout(requestIds: readonly string[]): number {
    const now = this.#options.clock.now();
    const times = requestIds.map((id) => timeOfRequest(id, now) ?? 0);
    return Math.max(this.#forgottenUntil, ...times.filter((time) => time <= now));
  }
}

const select = (column: 'vm_id' | 'request_id'): string =>
  `SELECT ad FROM departed WHERE ${column} = ? ORDER BY sequence DESC`;

const adOf = (row: ReturnType<StatementSync['get']>): ClassAdJson | undefined =>
  row && (JSON.parse(String(row.ad)) as ClassAdJson);
