/**
 * Where the certificates of a site are kept: a pair of files for each of its daemons and the CA, and the list of the
 * revoked.
 */
import { join } from 'node:path';
import { readFileIfAny } from '@vmgrid/daemon';
import type { Pair } from './issue.ts';

/** The name of the CA's files. */
export const CA = 'ca';

export const filesOf = (directory: string, name: string) =>
  [join(directory, `${name}.pem`), join(directory, `${name}-key.pem`)] as const;

export const revocationFileOf = (directory: string): string => join(directory, 'revoked.pem');

/** A certificate with its key; undefined unless both are there. */
export async function readPair(directory: string, name: string): Promise<Pair | undefined> {
  const [certificate, key] = await Promise.all(filesOf(directory, name).map(readFileIfAny));
  return certificate === undefined || key === undefined ? undefined : { certificate, key };
}
