/** Final classads of VMs that are gone, so that a late `destroy`, `query` or repeated request gets a true answer. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { ClassAdJson, RequestKey } from '@vmgrid/protocol';

/** How many are remembered; the oldest go first. */
export const DEPARTED_KEPT = 10_000;

/** Each bid asks whether its request was here before: the statements are prepared once. */
export class Departed {
  readonly #insert: StatementSync;
  readonly #trim: StatementSync;
  readonly #byVm: StatementSync;
  readonly #byRequest: StatementSync;
  readonly #requestIds: StatementSync;

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare('INSERT OR REPLACE INTO departed (vm_id, request_id, ad) VALUES (?, ?, ?)');
    this.#trim = database.prepare('DELETE FROM departed WHERE sequence <= (SELECT max(sequence) FROM departed) - ?');
    this.#byVm = database.prepare(select('vm_id'));
    this.#byRequest = database.prepare(select('request_id'));
    this.#requestIds = database.prepare('SELECT request_id AS id FROM departed');
  }

  add(vmId: string, requestId: string, ad: ClassAdJson): void {
    this.#insert.run(vmId, requestId, JSON.stringify(ad));
    this.#trim.run(DEPARTED_KEPT);
  }

  /** Ids of the requests whose VMs are remembered. */
  requestIds(): string[] {
    return this.#requestIds.all().map(({ id }) => String(id));
  }

  byVm(vmId: string): ClassAdJson | undefined {
    return adOf(this.#byVm.get(vmId));
  }

  /** Of requests with equal ids, the owner's. */
  byRequest({ requestId, owner }: RequestKey): ClassAdJson | undefined {
    const ads = this.#byRequest.all(requestId).map(adOf);
    return ads.find((ad) => ad?.Owner === owner);
  }
}

const select = (column: 'vm_id' | 'request_id'): string =>
  `SELECT ad FROM departed WHERE ${column} = ? ORDER BY sequence DESC`;

const adOf = (row: ReturnType<StatementSync['get']>): ClassAdJson | undefined =>
  row && (JSON.parse(String(row.ad)) as ClassAdJson);
