/** Final classads of VMs that are gone, so that a late `destroy`, `query` or repeated request gets a true answer. */
import type { DatabaseSync } from 'node:sqlite';
import type { ClassAdJson } from '@vmgrid/protocol';

/** How many are remembered; the oldest go first. */
export const DEPARTED_KEPT = 10_000;

export class Departed {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  add(vmId: string, requestId: string, ad: ClassAdJson): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO departed (vm_id, request_id, ad) VALUES (?, ?, ?)')
      .run(vmId, requestId, JSON.stringify(ad));
    this.#database
      .prepare('DELETE FROM departed WHERE sequence <= (SELECT max(sequence) FROM departed) - ?')
      .run(DEPARTED_KEPT);
  }

  byVm(vmId: string): ClassAdJson | undefined {
    return this.#find('vm_id', vmId);
  }

  byRequest(requestId: string): ClassAdJson | undefined {
    return this.#find('request_id', requestId);
  }

  #find(column: 'vm_id' | 'request_id', value: string): ClassAdJson | undefined {
    const row = this.#database
      .prepare(`SELECT ad FROM departed WHERE ${column} = ? ORDER BY sequence DESC LIMIT 1`)
      .get(value);
    return row && (JSON.parse(String(row.ad)) as ClassAdJson);
  }
}
