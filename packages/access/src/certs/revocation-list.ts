/**
 * Lists of revoked certificates, signed by the CA that issued them (RFC 5280, section 5). The command line loads this
 * file, and daemons that have such a list.
 */
import 'reflect-metadata'; // first: the library's decorators want it
import { PemConverter, X509Certificate, X509Crl, X509CrlGenerator } from '@peculiar/x509';
import { CA_DAYS, type Pair, SIGNATURE, signingKey, validity } from './issue.ts';
import { plainSerial } from './plain-serial.ts';

export interface Revoked {
  /** Serial number of the certificate: lower-case hexadecimal, without leading zeros. */
  readonly serial: string;
  readonly at: Date;
}

/** RFC 7468, section 6. The library would write another label. */
const PEM_LABEL = 'X509 CRL';

/** Returns the list in PEM. `now`: milliseconds since the epoch. */
export async function signList(ca: Pair, revoked: readonly Revoked[], now: number): Promise<string> {
  const { notBefore: thisUpdate, notAfter: nextUpdate } = validity(now, CA_DAYS);
  const list = await X509CrlGenerator.create({
    ...{ issuer: new X509Certificate(ca.certificate).subject, thisUpdate, nextUpdate, signingAlgorithm: SIGNATURE },
    entries: revoked.map(({ serial, at }) => ({ serialNumber: evenDigits(serial), revocationDate: at })),
    signingKey: await signingKey(ca.key),
  });
  return `${PemConverter.encode(list.rawData, PEM_LABEL)}\n`;
}

/** Reads all lists of a file. @throws Error when one of these CAs has not signed each of them */
export async function readList(pem: string, caPem: string): Promise<readonly Revoked[]> {
  const authorities = PemConverter.decode(caPem).map((raw) => new X509Certificate(raw));
  const lists = PemConverter.decode(pem).map((raw) => new X509Crl(raw));
  if (lists.length === 0) throw new Error('there is no list in it');
  for (const list of lists) await requireSigned(list, authorities);
  return lists.flatMap(({ entries }) =>
    entries.map(({ serialNumber, revocationDate }) => ({ serial: plainSerial(serialNumber), at: revocationDate })),
  );
}

async function requireSigned(list: X509Crl, authorities: readonly X509Certificate[]): Promise<void> {
  for (const publicKey of authorities) {
    if (publicKey.subject === list.issuer && (await list.verify({ publicKey }))) return;
  }
  throw new Error(`the list of ${list.issuer} is not signed by the CA`);
}

const evenDigits = (serial: string): string => (serial.length % 2 === 0 ? serial : `0${serial}`);
