/** Decides which token the command line shows to which endpoint. */
import { readFileSync } from 'node:fs';
import { setDefaultCACertificates } from 'node:tls';
import { localTokenFile, readTokenFile } from '@vmgrid/access';
import { findHome, isLoopback } from '@vmgrid/daemon';
import { GridError, isBearer } from '@vmgrid/protocol';

export interface CredentialOptions {
  /** A file with a token, named by the user. */
  readonly tokenFile?: string | undefined;
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * Returns the token for an endpoint: the one in the named file; else, for an endpoint of this machine only, the one
 * that its daemons made. That token is never shown to another host.
 * @throws GridError UNAUTHENTICATED when the file cannot be read, or holds anything but one token
 */
export function tokenFor(url: string, { tokenFile, environment }: CredentialOptions): string | undefined {
  const file = tokenFile ?? localTokenFile(findHome(environment).access);
  const token = tokenFile !== undefined ? readNamed(file) : isOfThisMachine(url) ? readLocal(file) : undefined;
  if (token !== undefined && !isBearer(token)) throw noToken(file, token);
  return token;
}

/** The file may hold another kind of secret, so the message only says what the content looks like. */
function noToken(file: string, text: string): GridError {
  const [lines, characters] = [text.split('\n').length, text.length];
  const shape = `${lines} lines, ${characters} characters`;
  const message = `the token file ${file} does not hold one token and nothing else: it has ${shape}`;
  return new GridError('UNAUTHENTICATED', message, { file, lines, characters });
}

/**
 * From now on every connection of this process trusts the site's own CA and no other.
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

/** Another user of this machine may run the daemons. Then no token is read, and the endpoint says that it wants one. */
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
