import { X509Certificate } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { makeCertificates, readTlsMaterial } from '../src/index.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const PLANT = { kind: 'plant', name: 'plant-1', hosts: ['plant.example.org', '10.0.0.1'] } as const;

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'certs-')), 'site');
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true }));

const certificate = (name: string) => new X509Certificate(readFileSync(join(folder, `${name}.pem`)));
const modeOf = (name: string) => (statSync(join(folder, name)).mode & 0o777).toString(8);

test('a certificate has the name, the kind and the hosts of its daemon, and is signed by the CA', async () => {
  await makeCertificates(folder, [PLANT], NOW);
  const [ca, plant] = [certificate('ca'), certificate('plant-1')];
  expect(plant.subject.split('\n').toSorted()).toEqual(['CN=plant-1', 'O=vmgrid', 'OU=plant']);
  for (const host of ['plant.example.org', 'localhost']) expect(plant.checkHost(host)).toBe(host);
  for (const address of ['10.0.0.1', '127.0.0.1']) expect(plant.checkIP(address)).toBe(address);
  expect([plant.checkHost('other.example.org'), plant.checkIP('10.0.0.2')]).toEqual([undefined, undefined]);
  expect([plant.verify(ca.publicKey), plant.checkIssued(ca), plant.ca, ca.ca]).toEqual([true, true, false, true]);
  expect(Date.parse(plant.validTo) - NOW).toBe(825 * 86_400_000);
});

test("keys are their owner's alone", async () => {
  await makeCertificates(folder, [PLANT], NOW);
  expect(['ca-key.pem', 'plant-1-key.pem'].map(modeOf)).toEqual(['600', '600']);
  expect((statSync(folder).mode & 0o777).toString(8)).toBe('700');
});

test('what is there stays; what was removed is made anew, by the same CA', async () => {
  await makeCertificates(folder, [PLANT], NOW);
  const [ca, plant] = [certificate('ca').fingerprint256, certificate('plant-1').fingerprint256];
  const again = await makeCertificates(folder, [PLANT, { kind: 'shop', name: 'shop', hosts: [] }], NOW);
  expect(again.map(({ name, made }) => [name, made])).toEqual([
    ['plant-1', false],
    ['shop', true],
  ]);
  expect([certificate('ca').fingerprint256, certificate('plant-1').fingerprint256]).toEqual([ca, plant]);
  unlinkSync(join(folder, 'plant-1.pem'));
  await makeCertificates(folder, [PLANT], NOW);
  expect(certificate('plant-1').fingerprint256).not.toBe(plant);
  expect(certificate('plant-1').verify(certificate('ca').publicKey)).toBe(true);
});

test('a key that others may read is not used', async () => {
  const [made] = await makeCertificates(folder, [PLANT], NOW);
  expect(readTlsMaterial(made!).minVersion).toBe('TLSv1.3');
  for (const mode of [0o644, 0o604, 0o601, 0o660, 0o650]) {
    chmodSync(made!.keyFile, mode);
    expect(() => readTlsMaterial(made!)).toThrow(expect.objectContaining({ code: 'KEY_EXPOSED' }));
  }
});

test('a key of the own user that a group may read is used', async () => {
  const [made] = await makeCertificates(folder, [PLANT], NOW);
  for (const mode of [0o400, 0o440, 0o640]) {
    chmodSync(made!.keyFile, mode);
    expect(readTlsMaterial(made!).minVersion).toBe('TLSv1.3');
  }
});
