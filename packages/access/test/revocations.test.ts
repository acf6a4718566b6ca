/** Certificates that are taken back: the list, and who looks at it. */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { makeCertificates, Revocations, readTlsMaterial, revokeCertificate } from '../src/index.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const PLANTS = ['plant-1', 'plant-2', 'plant-3'].map((name) => ({ kind: 'plant', name, hosts: [] }) as const);

let folder: string;
/** The functions that the clock would call each second. */
let looks: (() => void)[];
let faults: unknown[];
const file = (name: string, site = 'site') => join(folder, site, name);
const serialOf = (name: string) => new X509Certificate(readFileSync(file(`${name}.pem`))).serialNumber;
const revoke = (nameOrSerial: string, site = 'site') => revokeCertificate(join(folder, site), nameOrSerial, NOW);
const open = () =>
  Revocations.open({
    ...{ file: file('revoked.pem'), ca: () => readFileSync(file('ca.pem'), 'utf8') },
    ...{ onFault: (error) => faults.push(error), again: (look) => looks.push(look) },
  });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'revocations-'));
  for (const site of ['site', 'other']) await makeCertificates(join(folder, site), PLANTS, Date.now());
});
beforeEach(() => {
  looks = [];
  faults = [];
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Looks until it comes to that: reading takes a moment. */
async function lookUntil(isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    for (const look of looks) look();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('a certificate is revoked by the name of its daemon, which may then have another', async () => {
  const serial = serialOf('plant-1');
  expect(await revoke('plant-1')).toEqual({
    ...{ serial: serial.toLowerCase().replace(/^0+/, ''), revocationFile: file('revoked.pem'), added: true },
  });
  expect(['plant-1.pem', 'plant-1-key.pem'].map((name) => existsSync(file(name)))).toEqual([false, false]);
  await makeCertificates(join(folder, 'site'), PLANTS, Date.now());
  const revocations = await open();
  expect([serial, serialOf('plant-1'), serialOf('plant-2')].map((one) => revocations.isRevoked(one))).toEqual([
    ...[true, false, false],
  ]);
});

test('or by its serial number, as any program writes it; what was on the list stays on it', async () => {
  const [first] = [serialOf('plant-1'), await revoke('plant-1')];
  const second = serialOf('plant-2');
  const withColons = second.match(/../g)!.join(':');
  expect(await revoke(withColons)).toMatchObject({ added: true });
  expect(await revoke(second.toLowerCase())).toMatchObject({ added: false });
  const revocations = await open();
  expect([first, second, serialOf('plant-3')].map((one) => revocations.isRevoked(one))).toEqual([true, true, false]);
});

test.each(['plant-9', 'ca', '../other/plant-1', 'no serial'])('%s is no certificate of a daemon', async (name) => {
  await expect(revoke(name)).rejects.toMatchObject({ code: 'CERTIFICATE_UNKNOWN' });
});

test('the list is one that OpenSSL knows: with it, a TLS server refuses the revoked', async () => {
  const materialOf = (name: string) =>
    readTlsMaterial({ certificateFile: file(`${name}.pem`), keyFile: file(`${name}-key.pem`), caFile: file('ca.pem') });
  await makeCertificates(join(folder, 'site'), PLANTS, Date.now());
  const [server, revoked, other] = ['plant-1', 'plant-2', 'plant-3'].map(materialOf);
  await revoke('plant-2');
  const crl = readFileSync(file('revoked.pem'), 'utf8');
  const listening = createServer({ ...server, crl, requestCert: true, rejectUnauthorized: false });
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const verdicts: unknown[] = [];
  for (const client of [revoked, other]) {
    const { port } = listening.address() as AddressInfo;
    const accepted = once(listening, 'secureConnection') as Promise<[TLSSocket]>;
    const socket = connect({ ...client, port, host: 'localhost' });
    const [{ authorized, authorizationError }] = await accepted;
    verdicts.push(authorized || authorizationError);
    socket.destroy();
  }
  listening.close();
  expect(verdicts).toEqual(['CERT_REVOKED', true]);
});

test('a list that changes is read again; one that cannot be read, or is not of this CA, leaves the one before', async () => {
  await revoke('plant-1');
  const revocations = await open();
  await makeCertificates(join(folder, 'site'), PLANTS, Date.now());
  const serial = serialOf('plant-3');
  expect(revocations.isRevoked(serial)).toBe(false);
  await revoke('plant-3');
  await lookUntil(() => revocations.isRevoked(serial));
  const [before, others] = [readFileSync(file('revoked.pem')), await revoke('plant-3', 'other')];
  for (const list of ['no list', readFileSync(others.revocationFile), undefined]) {
    if (list === undefined) rmSync(file('revoked.pem'));
    else writeFileSync(file('revoked.pem'), list);
    await lookUntil(() => faults.length > 0);
    expect(faults.splice(0)).toMatchObject([{ code: 'CONFIG_INVALID' }]);
    expect(revocations.isRevoked(serial)).toBe(true);
    await expect(open()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  }
  writeFileSync(file('revoked.pem'), before);
});

test('a list that cannot be read for a while is tried again until it can, and told of once', async () => {
  const revocations = await open();
  await makeCertificates(join(folder, 'site'), PLANTS, Date.now());
  const serial = serialOf('plant-2');
  await revoke('plant-2');
  const list = file('revoked.pem');
  for (const way of [folder, file('.')]) chmodSync(way, 0o711);
  const [me, mode] = [process.geteuid!(), statSync(list).mode];
  chmodSync(list, 0);
  try {
    if (me === 0) process.seteuid!('nobody'); // root would read it
    await lookUntil(() => faults.length > 0);
    const rounds = Array.from({ length: 20 }, (_, round) => round);
    await lookUntil(() => rounds.pop() === undefined);
  } finally {
    process.seteuid!(me);
  }
  expect(faults).toMatchObject([{ code: 'CONFIG_INVALID' }]);
  chmodSync(list, mode);
  await lookUntil(() => revocations.isRevoked(serial));
});
