/**
 * The tokens that hold: a database that the daemons of a machine look into at every request and the command line
 * changes, so a token that is revoked stops to hold at once. It has digests only: whoever reads it can show none of
 * them.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { inTransaction, openSharedDatabase } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import type { Principal } from './principal.ts';
import { isRole, type Role } from './roles.ts';
import { digestToken, isToken, makeToken } from './token.ts';

/** What is known of a token beside itself. */
export interface TokenEntry {
  readonly name: string;
  readonly owner: string;
  readonly roles: readonly Role[];
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Left out: it holds until it is revoked. */
  readonly expiresAt?: number;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS tokens (
    name TEXT PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    roles TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER
  ) STRICT;
`;

export class TokenBook {
  readonly #database: DatabaseSync;
  readonly #byDigest: StatementSync;
  readonly #now: () => number;

  /** `now`: milliseconds since the epoch. */
  constructor(file: string, now: () => number) {
    this.#database = openSharedDatabase(file, SCHEMA);
    this.#byDigest = this.#database.prepare('SELECT * FROM tokens WHERE digest = ?');
    this.#now = now;
  }

  /** Makes a token: the only time that it is seen. @throws GridError TOKEN_EXISTS */
  create(entry: Omit<TokenEntry, 'createdAt'>): string {
    const token = makeToken();
    this.exclusively(() => {
      const { name, owner, roles, expiresAt = null } = entry;
      if (this.list().some((one) => one.name === name)) {
        throw new GridError('TOKEN_EXISTS', `there is a token ${name} already`, { name });
      }
      this.#database
        .prepare('INSERT INTO tokens (name, digest, owner, roles, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)')
        .run(name, digestToken(token), owner, roles.join(' '), this.#now(), expiresAt);
    });
    return token;
  }

  /** By name. Those that have expired are among them. */
  list(): readonly TokenEntry[] {
    return this.#database.prepare('SELECT * FROM tokens ORDER BY name').all().map(entryOf);
  }

  /** @throws GridError TOKEN_UNKNOWN */
  revoke(name: string): void {
    const { changes } = this.#database.prepare('DELETE FROM tokens WHERE name = ?').run(name);
    if (changes === 0) throw new GridError('TOKEN_UNKNOWN', `there is no token ${name}`, { name });
  }

  /** Who shows this token; undefined when it does not hold. */
  principalOf(token: string): Principal | undefined {
    if (!isToken(token)) return undefined;
    const row = this.#byDigest.get(digestToken(token));
    if (row === undefined) return undefined;
    const { name, owner, roles, expiresAt = Number.POSITIVE_INFINITY } = entryOf(row);
    return this.#now() < expiresAt ? { owner, roles, credential: name } : undefined;
  }

  /** Work that no other process's changes come between. */
  exclusively<T>(work: () => T): T {
    return this.#database.isTransaction ? work() : inTransaction(this.#database, work);
  }

  close(): void {
    this.#database.close();
  }
}

type Row = NonNullable<ReturnType<StatementSync['get']>>;

const entryOf = ({ name, owner, roles, created_at, expires_at }: Row): TokenEntry => ({
  name: String(name),
  owner: String(owner),
  roles: String(roles).split(' ').filter(isRole),
  createdAt: Number(created_at),
  ...(expires_at === null ? {} : { expiresAt: Number(expires_at) }),
});
