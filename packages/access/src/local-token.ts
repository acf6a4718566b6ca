/**
 * Tokens that the daemons of a machine make for whoever runs them and for each other, as k3s does: files that nobody
 * else can read.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TokenBook, TokenEntry } from './token-book.ts';

type LocalToken = Pick<TokenEntry, 'name' | 'owner' | 'roles'>;

const OPERATOR: LocalToken = { name: 'local-operator', owner: 'operator', roles: ['operator'] };
const JOIN: LocalToken = { name: 'local-join', owner: 'join', roles: ['join'] };

/** Of an operator. */
export const localTokenFile = (folder: string): string => join(folder, 'operator.token');
/** Of the links between the daemons of the machine. */
export const joinTokenFile = (folder: string): string => join(folder, 'join.token');

/** Makes each file, unless it has a token that holds. */
export function ensureLocalTokens(folder: string, book: TokenBook): void {
  book.exclusively(() => {
    ensureToken(localTokenFile(folder), book, OPERATOR);
    ensureToken(joinTokenFile(folder), book, JOIN);
  });
}

function ensureToken(file: string, book: TokenBook, entry: LocalToken): void {
  const held = readTokenFile(file);
  if (held !== undefined && book.principalOf(held) !== undefined) return;
  if (book.list().some(({ name }) => name === entry.name)) book.revoke(entry.name);
  writeTokenFile(file, book.create(entry));
}

/** The token in a file; undefined when there is no such file. */
export function readTokenFile(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whoever reads meanwhile reads the old one or the new one, whole. */
function writeTokenFile(file: string, token: string): void {
  const temporary = `${file}.new`;
  rmSync(temporary, { force: true });
  writeFileSync(temporary, `${token}\n`, { mode: 0o600, flag: 'wx', flush: true });
  renameSync(temporary, file);
}
