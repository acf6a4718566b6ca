/** Recorded requests and their DAGs in the plant's database, each within named limits. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Dag } from '@vmgrid/dag';
import { REQUEST_LOG_LIMITS } from './limits.ts';
import type { RecordedRequest } from './recorded-request.ts';

export type RequestLogLimits = { readonly [Name in keyof typeof REQUEST_LOG_LIMITS]: number };

export class RequestLog {
  readonly #limits: RequestLogLimits;
  readonly #insert: StatementSync;
  readonly #insertDag: StatementSync;
  readonly #trim: StatementSync;
  readonly #trimDags: StatementSync;
  readonly #all: StatementSync;
  readonly #dag: StatementSync;

  constructor(database: DatabaseSync, limits: RequestLogLimits = REQUEST_LOG_LIMITS) {
    this.#limits = limits;
    this.#insert = database.prepare('INSERT INTO requests (at, bytes, record) VALUES (?, ?, ?)');
    this.#insertDag = database.prepare('REPLACE INTO request_dags (at, bytes, shape, dag) VALUES (?, ?, ?, ?)');
    this.#trim = database.prepare(trim('requests'));
    this.#trimDags = database.prepare(trim('request_dags'));
    this.#all = database.prepare('SELECT record FROM requests WHERE at > ? ORDER BY sequence DESC');
    this.#dag = database.prepare('SELECT dag FROM request_dags WHERE shape = ? AND at > ?');
  }

  /**
   * Records a request, and its DAG unless that is secret in part or too large: what is built from it later must be whole.
   * Forgets what the limits have no room for; linear in what is kept.
   */
  add(record: RecordedRequest, dag: Dag): void {
    const { rows, bytes, dagRows, dagBytes, bytesPerDag, ageMs } = this.#limits;
    const text = JSON.stringify(record);
    this.#insert.run(record.at, Buffer.byteLength(text), text);
    this.#trim.run(record.at - ageMs, rows, bytes);
    const dagText = record.actions.some(({ secret }) => secret) ? '' : JSON.stringify(dag);
    const dagSize = Buffer.byteLength(dagText);
    if (dagSize > 0 && dagSize <= bytesPerDag) this.#insertDag.run(record.at, dagSize, record.shape, dagText);
    this.#trimDags.run(record.at - ageMs, dagRows, dagBytes);
  }

  /** What is remembered at that moment, the newest first. */
  requests(now: number): readonly RecordedRequest[] {
    const rows = this.#all.all(now - this.#limits.ageMs) as unknown as readonly { record: string }[];
    return rows.map(({ record }) => JSON.parse(record) as RecordedRequest);
  }

  /** The DAG of a request of this shape; undefined when it was not kept. */
  dagOf(shape: string, now: number): Dag | undefined {
    const row = this.#dag.get(shape, now - this.#limits.ageMs) as { dag: string } | undefined;
    return row && (JSON.parse(row.dag) as Dag);
  }
}

/** Keeps the newest rows that are young enough, few enough and together small enough. */
const trim = (table: string): string => `
  DELETE FROM ${table} WHERE at <= ? OR sequence IN (
    SELECT sequence FROM (
      SELECT sequence, ROW_NUMBER() OVER newest AS place, SUM(bytes) OVER newest AS total
      FROM ${table} WINDOW newest AS (ORDER BY sequence DESC)
    ) WHERE place > ? OR total > ?
  )`;
