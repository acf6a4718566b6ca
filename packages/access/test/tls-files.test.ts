/** A certificate that is renewed is shown without a restart; files that will not do are not taken. */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type Server } from 'node:tls';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { makeCertificates, TlsFiles } from '../src/index.ts';

const SHOP = [{ kind: 'shop', name: 'shop', hosts: [] }] as const;

let folder: string;
let server: Server;
let files: TlsFiles;
let faults: Error[];
let renewals: number;
/** The function that the clock would call each second. */
let look: () => void;
const file = (name: string) => join(folder, name);
const serialIn = (name: string) => new X509Certificate(readFileSync(file(name))).serialNumber;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tls-files-'));
  await makeCertificates(folder, SHOP, Date.now());
});
beforeEach(async () => {
  [faults, renewals] = [[], 0];
  const config = { certificateFile: file('shop.pem'), keyFile: file('shop-key.pem'), caFile: file('ca.pem') };
  files = new TlsFiles({
    config,
    onFault: (error) => faults.push(error as Error),
    onRenewed: () => {
      renewals += 1;
    },
    again: (again) => {
      look = again;
    },
  });
  server?.close();
  server = files.serve((options) => createServer(options, (socket) => socket.end()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

/** Returns the certificate that a new client is shown. */
async function shown(): Promise<string> {
  const ca = readFileSync(file('ca.pem'), 'utf8');
  const socket = connect({ port: (server.address() as AddressInfo).port, host: 'localhost', ca });
  await once(socket, 'secureConnect');
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

/** Another certificate of the daemon, beside the one that is shown. */
async function renewed(): Promise<void> {
  for (const name of ['shop.pem', 'shop-key.pem']) renameSync(file(name), file(`old-${name}`));
  await makeCertificates(folder, SHOP, Date.now());
  for (const name of ['shop.pem', 'shop-key.pem']) {
    renameSync(file(name), file(`new-${name}`));
    renameSync(file(`old-${name}`), file(name));
  }
}

test('a renewed certificate is shown to whoever connects from then on, and when this daemon dials', async () => {
  const before = await shown();
  await renewed();
  for (const name of ['shop-key.pem', 'shop.pem']) renameSync(file(`new-${name}`), file(name));
  expect(await shown()).toBe(before);
  look();
  expect([renewals, faults]).toEqual([1, []]);
  expect(await shown()).toBe(serialIn('shop.pem'));
  expect(await shown()).not.toBe(before);
  expect(files.material.cert).toBe(readFileSync(file('shop.pem'), 'utf8'));
  look();
  expect(renewals).toBe(1);
});

test('a certificate whose key has not come yet is not taken, and is once it has', async () => {
  const before = await shown();
  await renewed();
  renameSync(file('new-shop.pem'), file('shop.pem'));
  look();
  look();
  expect([faults.length, renewals]).toEqual([1, 0]);
  expect(await shown()).toBe(before);
  renameSync(file('new-shop-key.pem'), file('shop-key.pem'));
  look();
  expect(await shown()).toBe(serialIn('shop.pem'));
});

test('a key that others may read is not taken', async () => {
  const before = await shown();
  copyFileSync(file('shop-key.pem'), file('copy.pem'));
  chmodSync(file('copy.pem'), 0o644);
  renameSync(file('copy.pem'), file('shop-key.pem'));
  look();
  expect(faults).toMatchObject([{ code: 'KEY_EXPOSED' }]);
  expect(await shown()).toBe(before);
  chmodSync(file('shop-key.pem'), 0o600);
  look();
  expect([faults.length, renewals]).toEqual([1, 1]);
});
