/**
 * The valid tokens: a database in which the daemons of a machine look at every request. The command line changes it, so
 * a revoked token stops to work at once. It holds digests only, so nobody can use a token that is read from it.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { inTransaction, openSharedDatabase } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import type { Principal } from './principal.ts';
import { isRole, type Role } from './roles.ts';
import { digestToken, isToken, makeToken } from './token.ts';

/** A description of a token, without the token itself. */
export interface TokenEntry {
  readonly name: string;
  readonly owner: string;
  readonly roles: readonly Role[];
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Left out: valid until it is revoked. */
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

  /** Makes a token and returns it: nobody sees it a second time. @throws GridError TOKEN_EXISTS */
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

  /** Lists the tokens by name, expired ones included. */
  list(): readonly TokenEntry[] {
    return this.#database.prepare('SELECT * FROM tokens ORDER BY name').all().map(entryOf);
  }

  /** @throws GridError TOKEN_UNKNOWN */
  revoke(name: string): void {
    const { changes } = this.#database.prepare('DELETE FROM tokens WHERE name = ?').run(name);
    if (changes === 0) throw new GridError('TOKEN_UNKNOWN', `there is no token ${name}`, { name });
  }

  /** Returns the principal of a token; undefined when the token is not valid. */
  principalOf(token: string): Principal | undefined {
    if (!isToken(token)) return undefined;
    const row = this.#byDigest.get(digestToken(token));
    if (row === undefined) return undefined;
    const { name, owner, roles, expiresAt = Number.POSITIVE_INFINITY } = entryOf(row);
    return this.#now() < expiresAt ? { owner, roles, credential: name } : undefined;
  }

  /** Runs work that changes of other processes cannot interrupt. */
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
