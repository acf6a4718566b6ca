/** Issues certificates as the certificate authority of one site (RFC 5280). Only the command line loads this file. */
import 'reflect-metadata'; // first: the library's decorators want it
import { randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { Peer } from '../tls/peer.ts';

const KEY = { name: 'ECDSA', namedCurve: 'P-256' } as const;
export const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
export const CA_DAYS = 3_650;
const CERTIFICATE_DAYS = 825;
/** How far the clocks of a site may differ, in milliseconds. */
const BACKDATED_MS = 3_600_000;

export interface Pair {
  /** In PEM. */
  readonly certificate: string;
  /** PKCS #8 in PEM: secret. */
  readonly key: string;
}

export async function makeCa(name: string, now: number): Promise<Pair> {
  const keys = await webcrypto.subtle.generateKey(KEY, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...{ serialNumber: serialNumber(), ...validity(now, CA_DAYS), signingAlgorithm: SIGNATURE, keys },
    name: [{ CN: [name] }, { O: ['vmgrid'] }],
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return pairOf(certificate, keys.privateKey);
}

export interface CertificateOrder extends Peer {
  /** Host names or addresses by which the daemon is reached. */
  readonly hosts: readonly string[];
}

/** Issues a certificate for a daemon. It serves as a client certificate too. */
export async function issue(ca: Pair, { kind, name, hosts }: CertificateOrder, now: number): Promise<Pair> {
  const issuer = new X509Certificate(ca.certificate);
  const keys = await webcrypto.subtle.generateKey(KEY, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.create({
    ...{ serialNumber: serialNumber(), ...validity(now, CERTIFICATE_DAYS), signingAlgorithm: SIGNATURE },
    ...{ issuer: issuer.subject, publicKey: keys.publicKey, signingKey: await signingKey(ca.key) },
    subject: [{ CN: [name] }, { OU: [kind] }, { O: ['vmgrid'] }],
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      new SubjectAlternativeNameExtension(hosts.map((value) => ({ type: isIP(value) > 0 ? 'ip' : 'dns', value }))),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return pairOf(certificate, keys.privateKey);
}

/** 127 random bits, as a positive number. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0]! &= 0x7f;
  return bytes.toString('hex');
}

export const validity = (now: number, days: number) => ({
  notBefore: new Date(now - BACKDATED_MS),
  notAfter: new Date(now + days * DAY_MS),
});

export const signingKey = (pem: string) =>
  webcrypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(pem), KEY, false, ['sign']);

async function pairOf(certificate: X509Certificate, privateKey: webcrypto.CryptoKey): Promise<Pair> {
  const key = await webcrypto.subtle.exportKey('pkcs8', privateKey);
  return { certificate: `${certificate.toString('pem')}\n`, key: `${PemConverter.encode(key, 'PRIVATE KEY')}\n` };
}
