/**
 * The creates that were cancelled at this shop, in a file: asked for again, none of them makes a VM, also after a
 * restart. Without a state directory they are in memory, and lost with the process.
 */
import type { DatabaseSync } from 'node:sqlite';
import { KeptSet, keptSetSchema, openOwnDatabase } from '@vmgrid/daemon';
import { GridError, ifRoom, keyText, type RequestKey } from '@vmgrid/protocol';

/** How many are remembered; the oldest go first. */
const KEPT = 10_000;
const TABLE = 'cancelled';

export class CancelledCreates {
  readonly #database: DatabaseSync;
  readonly #kept: KeptSet;

  /** `file`: a path, or `IN_MEMORY`. @throws GridError STATE_LOCKED when another shop has the file */
  constructor(file: string) {
    this.#database = openOwnDatabase(file, {
      schema: keptSetSchema(TABLE),
      inUse: (cause) => new GridError('STATE_LOCKED', `${file} is in use by another shop`, { file }, { cause }),
    });
    this.#kept = new KeptSet(this.#database, TABLE, { most: KEPT });
  }

  has(key: RequestKey): boolean {
    return this.#kept.has(keyText(key));
  }

  /** Idempotent. On a full disk the request is remembered until the process ends. */
  add(key: RequestKey): void {
    ifRoom(() => this.#kept.add(keyText(key)));
  }

  close(): void {
    this.#database.close();
  }
}
