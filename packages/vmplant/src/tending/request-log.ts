/** Recorded requests and their DAGs in the plant's database, each within named limits. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { BoundedTable, type TableSize } from '@vmgrid/daemon';
import type { Dag } from '@vmgrid/dag';
import { REQUEST_LOG_LIMITS } from './limits.ts';
import type { RecordedRequest } from './recorded-request.ts';

export type RequestLogLimits = { readonly [Name in keyof typeof REQUEST_LOG_LIMITS]: number };

/** Requests that one step reads. */
const PAGE = 20;

export class RequestLog {
  readonly #limits: RequestLogLimits;
  readonly #records: BoundedTable;
  readonly #dags: BoundedTable;
  readonly #insert: StatementSync;
  readonly #replaceDag: StatementSync;
  readonly #bytesOfDag: StatementSync;
  readonly #page: StatementSync;
  readonly #dag: StatementSync;

  constructor(database: DatabaseSync, limits: RequestLogLimits = REQUEST_LOG_LIMITS) {
    const { rows, bytes, dagRows, dagBytes } = limits;
    this.#limits = limits;
    this.#records = new BoundedTable(database, 'requests', { rows, bytes, age: true });
    this.#dags = new BoundedTable(database, 'request_dags', { rows: dagRows, bytes: dagBytes, age: true });
    this.#insert = database.prepare('INSERT INTO requests (at, bytes, record) VALUES (?, ?, ?)');
    this.#replaceDag = database.prepare('REPLACE INTO request_dags (at, bytes, shape, dag) VALUES (?, ?, ?, ?)');
    this.#bytesOfDag = database.prepare('SELECT bytes FROM request_dags WHERE shape = ?');
    this.#page = database.prepare(
      'SELECT sequence, record FROM requests WHERE at > ? AND sequence < ? ORDER BY sequence DESC LIMIT ?',
    );
    this.#dag = database.prepare('SELECT dag FROM request_dags WHERE shape = ? AND at > ?');
  }

  /**
   * Records a request, and its DAG unless parts of that are secret or it is too large, because an image built from it
   * must be complete. Drops what exceeds the limits; linear in what is added and dropped.
   */
  add(record: RecordedRequest, dag: Dag): void {
    const expired = record.at - this.#limits.ageMs;
    this.#records.change(() => this.#add(record), expired);
    this.#dags.change(() => this.#addDag(record, dag), expired);
  }

  #add(record: RecordedRequest): TableSize {
    const text = JSON.stringify(record);
    const bytes = Buffer.byteLength(text);
    this.#insert.run(record.at, bytes, text);
    return { rows: 1, bytes };
  }

  #addDag({ actions, at, shape }: RecordedRequest, dag: Dag): TableSize {
    const text = actions.some(({ secret }) => secret) ? '' : JSON.stringify(dag);
    const bytes = Buffer.byteLength(text);
    if (bytes === 0 || bytes > this.#limits.bytesPerDag) return { rows: 0, bytes: 0 };
    const before = this.#bytesOfDag.get(shape);
    this.#replaceDag.run(at, bytes, shape, text);
    return before ? { rows: 0, bytes: bytes - Number(before.bytes) } : { rows: 1, bytes };
  }

  /**
   * Yields what is remembered at that moment, the newest first, one page for each step. Requests that come meanwhile
   * are left out.
   */
  *requests(now: number): Generator<void, readonly RecordedRequest[]> {
    const requests: RecordedRequest[] = [];
    for (let before = Number.MAX_SAFE_INTEGER; ; ) {
      const page = this.#page.all(now - this.#limits.ageMs, before, PAGE);
      for (const { record } of page) requests.push(JSON.parse(String(record)));
      if (page.length < PAGE) return requests;
      before = Number(page.at(-1)!.sequence);
      yield;
    }
  }

  /** Returns the DAG of a request of this shape; undefined when it was not kept. */
  dagOf(shape: string, now: number): Dag | undefined {
    const row = this.#dag.get(shape, now - this.#limits.ageMs) as { dag: string } | undefined;
    return row && (JSON.parse(row.dag) as Dag);
  }
}
