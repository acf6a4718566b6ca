/**
 * Writes the book of VMs to a file. So a restarted shop knows what owners have before the plants are back. Without a
 * state directory it is in memory, and lost with the process. Losing it loses no VM: plants tell it again.
 *
 * Changes are written a moment after they came, together with others; what is awarded is written before its plant hears
 * of it (`write`). A full disk keeps nobody from anything.
 */
import type { DatabaseSync } from 'node:sqlite';
import { inTransaction, openOwnDatabase } from '@vmgrid/daemon';
import type { MemberChange, RememberedVm } from '@vmgrid/market';
import { GridError, ifRoom, type ToldVm } from '@vmgrid/protocol';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS vms (
    plant_id TEXT NOT NULL,
    request TEXT NOT NULL, -- its id and owner
    vm TEXT NOT NULL,
    PRIMARY KEY (plant_id, request)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS absent (
    plant_id TEXT PRIMARY KEY,
    left_at INTEGER NOT NULL -- milliseconds since the epoch
  ) STRICT, WITHOUT ROWID;
`;

/** From the first change that waits until all that wait are written. */
const WRITTEN_WITHIN_MS = 200;
/** Changes that wait for room on the disk; the oldest go. */
const MOST_UNWRITTEN = 100_000;
/**
 * Changes that are written together at most: on a full disk each try costs no more, and one that is almost full still
 * takes some.
 */
const WRITTEN_AT_ONCE = 500;

interface Unwritten {
  readonly plantId: string;
  readonly key: string;
  /** Undefined: it is gone. */
  readonly vm: ToldVm | undefined;
}

export class VmBookFile {
  readonly #database: DatabaseSync;
  readonly #now: () => number;
  readonly #unwritten = new Map<string, Unwritten>();
  readonly #statements;
  #timer: NodeJS.Timeout | undefined;

  /** `file`: a path, or `IN_MEMORY`. @throws GridError STATE_LOCKED when another shop has the file */
  constructor(file: string, clock: { now(): number }) {
    this.#now = () => clock.now();
    this.#database = openOwnDatabase(file, {
      schema: SCHEMA,
      inUse: (cause) => new GridError('STATE_LOCKED', `${file} is in use by another shop`, { file }, { cause }),
    });
    this.#statements = {
      put: this.#database.prepare('INSERT OR REPLACE INTO vms VALUES (?, ?, ?)'),
      remove: this.#database.prepare('DELETE FROM vms WHERE plant_id = ? AND request = ?'),
      leave: this.#database.prepare('INSERT OR REPLACE INTO absent VALUES (?, ?)'),
      join: this.#database.prepare('DELETE FROM absent WHERE plant_id = ?'),
    };
  }

  /** Reads what the last shop knew. Plants that were connected when it ended count as having left now. */
  read(): readonly RememberedVm[] {
    ifRoom(() => this.#database.exec('DELETE FROM absent WHERE plant_id NOT IN (SELECT plant_id FROM vms)'));
    const rows = this.#database
      .prepare('SELECT vms.plant_id, vm, coalesce(left_at, :now) AS left_at FROM vms LEFT JOIN absent USING (plant_id)')
      .all({ now: this.#now() });
    return rows.map(({ plant_id, vm, left_at }) => ({
      ...{ plantId: String(plant_id), vm: JSON.parse(String(vm)) as ToldVm, leftAt: Number(left_at) },
    }));
  }

  /** An entry of the book has changed, or is gone. */
  entered(plantId: string, key: string, vm: ToldVm | undefined): void {
    this.#unwritten.set(`${plantId} ${key}`, { plantId, key, vm });
    if (this.#unwritten.size > MOST_UNWRITTEN) this.#unwritten.delete(this.#unwritten.keys().next().value!);
    this.#timer ??= setTimeout(() => this.write(), WRITTEN_WITHIN_MS);
  }

  note({ change, role, plantId }: MemberChange): void {
    if (role !== 'plant' || change === 'moved' || !this.#database.isOpen) return;
    const { leave, join } = this.#statements;
    ifRoom(() => (change === 'left' ? leave.run(plantId, this.#now()) : join.run(plantId)));
  }

  /** Writes what waits, now. */
  write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#database.isOpen) return;
    while (this.#unwritten.size > 0) {
      const next = firstOf(this.#unwritten, WRITTEN_AT_ONCE);
      const areWritten = ifRoom(() => inTransaction(this.#database, () => this.#writeEach(next.map(([, one]) => one))));
      if (!areWritten) return; // they wait for the next that comes
      for (const [id] of next) this.#unwritten.delete(id);
    }
  }

  #writeEach(changes: readonly Unwritten[]): void {
    const { put, remove } = this.#statements;
    for (const { plantId, key, vm } of changes) {
      if (vm) put.run(plantId, key, JSON.stringify(vm));
      else remove.run(plantId, key);
    }
  }

  /** Writes what waits, and closes: plants that leave from now on leave because the shop ends. */
  close(): void {
    this.write();
    this.#database.close();
  }
}

function firstOf<T>(items: Iterable<T>, most: number): T[] {
  const first: T[] = [];
  for (const item of items) {
    if (first.length === most) break;
    first.push(item);
  }
  return first;
}
