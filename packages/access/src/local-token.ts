/**
 * Tokens that the daemons of a machine make for the user who runs them and for each other, as k3s does. Nobody else can
 * read the files.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TokenBook, TokenEntry } from './token-book.ts';

type LocalToken = Pick<TokenEntry, 'name' | 'owner' | 'roles'>;

const OPERATOR: LocalToken = { name: 'local-operator', owner: 'operator', roles: ['operator'] };
const JOIN: LocalToken = { name: 'local-join', owner: 'join', roles: ['join'] };

/** The token of an operator. */
export const localTokenFile = (folder: string): string => join(folder, 'operator.token');
/** The token of the links between the daemons of the machine. */
export const joinTokenFile = (folder: string): string => join(folder, 'join.token');

/** Makes each token file, unless its token is still valid. */
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

/** Reads the token in a file; undefined when the file does not exist. */
export function readTokenFile(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A reader meanwhile sees the whole old token or the whole new one. */
function writeTokenFile(file: string, token: string): void {
  const temporary = `${file}.new`;
  rmSync(temporary, { force: true });
  writeFileSync(temporary, `${token}\n`, { mode: 0o600, flag: 'wx', flush: true });
  renameSync(temporary, file);
}
