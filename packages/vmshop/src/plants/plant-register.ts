/**
 * Writes to a file which plants are connected. So a restarted shop knows which plants to wait for and to name. Without
 * a state directory it is in memory, and lost with the process. Losing it loses no VM.
 */
import type { DatabaseSync } from 'node:sqlite';
import { openOwnDatabase } from '@vmgrid/daemon';
import type { Absence, MemberChange } from '@vmgrid/market';
import { GridError, ifRoom } from '@vmgrid/protocol';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS plants (
    plant_id TEXT PRIMARY KEY,
    -- Milliseconds since the epoch, that of the next shop's start if it did not leave; NULL while it is connected.
    left_at INTEGER
  ) STRICT;
`;

export class PlantRegister {
  readonly #database: DatabaseSync;
  readonly #now: () => number;

  /** `file`: a path, or `IN_MEMORY`. @throws GridError STATE_LOCKED when another shop has the file */
  constructor(file: string, clock: { now(): number }) {
    this.#now = () => clock.now();
    this.#database = openOwnDatabase(file, {
      schema: SCHEMA,
      inUse: (cause) => new GridError('STATE_LOCKED', `${file} is in use by another shop`, { file }, { cause }),
    });
  }

  /**
   * Those that were connected when the last shop ended, or had left no longer than this before now; the others are
   * forgotten. Asked once, by a shop that begins: those that were connected have left now.
   */
  before(forgetMs: number): readonly Absence[] {
    const now = this.#now();
    this.#write('DELETE FROM plants WHERE left_at <= ?', now - forgetMs);
    this.#write('UPDATE plants SET left_at = ? WHERE left_at IS NULL', now);
    const before = this.#database.prepare('SELECT plant_id, left_at FROM plants ORDER BY rowid').all();
    return before.map(({ plant_id, left_at }) => ({
      plantId: String(plant_id),
      absentMs: Math.max(0, now - Number(left_at ?? now)),
    }));
  }

  note({ change, role, plantId }: MemberChange): void {
    if (role !== 'plant' || change === 'moved' || !this.#database.isOpen) return;
    const leftAt = change === 'left' ? this.#now() : null;
    this.#write(
      'INSERT INTO plants VALUES (?, ?) ON CONFLICT (plant_id) DO UPDATE SET left_at = excluded.left_at',
      ...[plantId, leftAt],
    );
  }

  /** A full disk is no reason to lose a plant, or not to begin. */
  #write(statement: string, ...values: (string | number | null)[]): void {
    ifRoom(() => this.#database.prepare(statement).run(...values));
  }

  /** Plants that leave from now on leave because the shop ends. */
  close(): void {
    this.#database.close();
  }
}
