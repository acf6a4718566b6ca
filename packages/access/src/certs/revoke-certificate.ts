/** Revokes a certificate of a site: adds it to the list. */
import { X509Certificate } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { readFileIfAny, writeFileAtomically } from '@vmgrid/daemon';
import { follows, GridError, PlantId } from '@vmgrid/protocol';
import { plainSerial } from './plain-serial.ts';
import { CA, filesOf, readPair, revocationFileOf } from './site-folder.ts';

export interface RevokedCertificate {
  /** Hexadecimal. */
  readonly serial: string;
  /** The whole list; every daemon of the site needs it. */
  readonly revocationFile: string;
  /** False when the list had it already. */
  readonly added: boolean;
}

/** RFC 5280, section 4.1.2.2. No CA issues shorter ones. */
const SERIAL = /^[0-9a-f]{8,40}$/;

/**
 * Revokes a certificate by the name of its daemon or by its serial number. By name, the daemon's files are removed too,
 * so that `certs init` makes new ones.
 * @throws GridError CERTIFICATE_UNKNOWN
 */
export async function revokeCertificate(
  directory: string,
  nameOrSerial: string,
  now: number,
): Promise<RevokedCertificate> {
  const { readList, signList } = await import('./revocation-list.ts');
  const ca = await readPair(directory, CA);
  const [certificateFile, keyFile] = filesOf(directory, nameOrSerial);
  const isName = nameOrSerial !== CA && follows(PlantId, nameOrSerial);
  const named = isName ? await readFileIfAny(certificateFile) : undefined;
  const serial = plainSerial(named === undefined ? nameOrSerial : new X509Certificate(named).serialNumber);
  if (ca === undefined || !SERIAL.test(serial)) {
    const message = `${nameOrSerial} is no serial number, and ${directory} does not have its certificate and a CA`;
    throw new GridError('CERTIFICATE_UNKNOWN', message, { directory, name: nameOrSerial });
  }
  const revocationFile = revocationFileOf(directory);
  const list = await readFileIfAny(revocationFile);
  const before = list === undefined ? [] : await readList(list, ca.certificate);
  const added = !before.some((one) => one.serial === serial);
  if (added) {
    const all = [...before, { serial, at: new Date(now) }];
    await writeFileAtomically(revocationFile, await signList(ca, all, now), 0o644);
  }
  if (named !== undefined) {
    await rm(keyFile, { force: true });
    await rm(certificateFile); // last: as long as it is there, the command can be given again
  }
  return { serial, revocationFile, added };
}
