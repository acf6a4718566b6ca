/**
 * Makes a folder with the CA of a site and a certificate for each of its daemons; makes only those that are missing.
 */
import { makeFolder, readFileIfAny, writeFileAtomically } from '@vmgrid/daemon';
import type { Peer } from '../tls/peer.ts';
import type { Pair } from './issue.ts';
import { CA, filesOf, readPair, revocationFileOf } from './site-folder.ts';

export interface Wanted extends Peer {
  /** Host names and addresses of the daemon, besides loopback. */
  readonly hosts: readonly string[];
}

export interface MadeCertificate extends Peer {
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly caFile: string;
  /** The list of revoked certificates. */
  readonly revocationFile: string;
  /** False when it existed already. */
  readonly made: boolean;
}

const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '::1'];

/** Keeps certificates that exist: to renew one, remove its file first. `now`: milliseconds since the epoch. */
export async function makeCertificates(
  directory: string,
  wanted: readonly Wanted[],
  now: number,
): Promise<readonly MadeCertificate[]> {
  makeFolder(directory, 0o700);
  const { issue, makeCa } = await import('./issue.ts');
  const { pair: ca } = await keepOrMake(directory, CA, () => makeCa('vmgrid site', now));
  const revocationFile = await keepOrMakeList(directory, ca, now);
  const results: MadeCertificate[] = [];
  for (const { kind, name, hosts } of wanted) {
    const all = [...new Set([...hosts, ...LOOPBACK_HOSTS])];
    const { made } = await keepOrMake(directory, name, () => issue(ca, { kind, name, hosts: all }, now));
    const [certificateFile, keyFile] = filesOf(directory, name);
    results.push({ kind, name, certificateFile, keyFile, caFile: filesOf(directory, CA)[0], revocationFile, made });
  }
  return results;
}

/** Makes an empty list, so that daemons can name it in their configuration from their first start on. */
async function keepOrMakeList(directory: string, ca: Pair, now: number): Promise<string> {
  const revocationFile = revocationFileOf(directory);
  if ((await readFileIfAny(revocationFile)) !== undefined) return revocationFile;
  const { signList } = await import('./revocation-list.ts');
  await writeFileAtomically(revocationFile, await signList(ca, [], now), 0o644);
  return revocationFile;
}

/** Writes the key first: so a certificate that exists has a key. */
async function keepOrMake(directory: string, name: string, make: () => Promise<Pair>) {
  const held = await readPair(directory, name);
  if (held !== undefined) return { pair: held, made: false };
  const [certificateFile, keyFile] = filesOf(directory, name);
  const pair = await make();
  await writeFileAtomically(keyFile, pair.key, 0o600);
  await writeFileAtomically(certificateFile, pair.certificate, 0o644);
  return { pair, made: true };
}
