/** The token that the daemons of a machine make for whoever runs them, as k3s does: a file that nobody else can read. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TokenBook, TokenEntry } from './token-book.ts';

const LOCAL = { name: 'local-operator', owner: 'operator', roles: ['operator'] } as const satisfies Partial<TokenEntry>;

export const localTokenFile = (folder: string): string => join(folder, 'operator.token');

/** Makes the file, unless it has a token that holds. */
export function ensureLocalToken(folder: string, book: TokenBook): void {
  const file = localTokenFile(folder);
  book.exclusively(() => {
    const held = readTokenFile(file);
    if (held !== undefined && book.principalOf(held) !== undefined) return;
    if (book.list().some(({ name }) => name === LOCAL.name)) book.revoke(LOCAL.name);
    writeTokenFile(file, book.create(LOCAL));
  });
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
