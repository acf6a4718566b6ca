/** Which token the command line shows to whom. */
import { readFileSync } from 'node:fs';
import { setDefaultCACertificates } from 'node:tls';
import { localTokenFile, readTokenFile } from '@vmgrid/access';
import { findHome, isLoopback } from '@vmgrid/daemon';
import { GridError, isBearer } from '@vmgrid/protocol';

export interface CredentialOptions {
  /** A file with a token, as the user names it. */
  readonly tokenFile?: string | undefined;
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * The token for an endpoint: of the file that was named, else, for an endpoint of this machine alone, the one that its
 * daemons made. That one is never shown to another host.
 * @throws GridError UNAUTHENTICATED when the file cannot be read, or does not hold a token and nothing else
 */
export function tokenFor(url: string, { tokenFile, environment }: CredentialOptions): string | undefined {
  const file = tokenFile ?? localTokenFile(findHome(environment).access);
  const token = tokenFile !== undefined ? readNamed(file) : isOfThisMachine(url) ? readLocal(file) : undefined;
  if (token !== undefined && !isBearer(token)) throw noToken(file, token);
  return token;
}

/** What the file holds may be a secret of another kind: only how it looks is told. */
function noToken(file: string, text: string): GridError {
  const [lines, characters] = [text.split('\n').length, text.length];
  const shape = `${lines} lines, ${characters} characters`;
  const message = `the token file ${file} does not hold one token and nothing else: it has ${shape}`;
  return new GridError('UNAUTHENTICATED', message, { file, lines, characters });
}

/**
 * From now on a site's own CA is trusted, and no other, by every connection of this process.
 * @throws GridError UNAUTHENTICATED when the file cannot be read
 */
export function trustCa(file: string): void {
  try {
    setDefaultCACertificates([readFileSync(file, 'utf8')]);
  } catch (cause) {
    throw new GridError('UNAUTHENTICATED', `the CA file ${file} cannot be read as certificates`, { file }, { cause });
  }
}

function readNamed(file: string): string {
  const token = readable(file);
  if (token === undefined) throw new GridError('UNAUTHENTICATED', `there is no token file ${file}`, { file });
  return token;
}

/** Another user of this machine may run the daemons: then the endpoint says that a token is wanted. */
function readLocal(file: string): string | undefined {
  try {
    return readTokenFile(file);
  } catch {
    return undefined;
  }
}

function readable(file: string): string | undefined {
  try {
    return readTokenFile(file);
  } catch (cause) {
    throw new GridError('UNAUTHENTICATED', `the token file ${file} cannot be read`, { file }, { cause });
  }
}

function isOfThisMachine(url: string): boolean {
  const parsed = URL.parse(url);
  return parsed !== null && isLoopback(parsed.hostname);
}
