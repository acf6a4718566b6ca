/**
 * The folder with the certificates of a site: a pair of files for the CA and each daemon, and the list of revoked
 * certificates.
 */
import { join } from 'node:path';
import { readFileIfAny } from '@vmgrid/daemon';
import type { Pair } from './issue.ts';

/** The name of the CA's files. */
export const CA = 'ca';

export const filesOf = (directory: string, name: string) =>
  [join(directory, `${name}.pem`), join(directory, `${name}-key.pem`)] as const;

export const revocationFileOf = (directory: string): string => join(directory, 'revoked.pem');

/** Reads a certificate with its key; undefined unless both exist. */
export async function readPair(directory: string, name: string): Promise<Pair | undefined> {
  const [certificate, key] = await Promise.all(filesOf(directory, name).map(readFileIfAny));
  return certificate === undefined || key === undefined ? undefined : { certificate, key };
}
