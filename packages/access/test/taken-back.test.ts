/**
 * Links that are up when the credentials of one of their ends are taken back, and what the audit trail has of links.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { acceptLinks, dialLink, type Hello, type LinkListener, type LinkTrust, serveLink } from '@vmgrid/protocol';
import { auditInto } from '@vmgrid/test-support/grids/audit-sinks.ts';
import {
  Access,
  type AuditNote,
  auditedTrust,
  listenerOptions,
  makeCertificates,
  readTlsMaterial,
  SiteTrust,
} from '../src/index.ts';
import { portOf } from './port-of.ts';

let folder: string;
let access: Access;
let notes: AuditNote[];
/** Whether those who look at the list find every certificate on it. */
let revoked: boolean;
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'taken-back-'));
  access = Access.open(join(folder, 'access'));
  const wanted = (['shop', 'plant'] as const).map((kind) => ({ kind, name: kind, hosts: [] }));
  await makeCertificates(folder, wanted, Date.now());
});
beforeEach(() => {
  notes = [];
  revoked = false;
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
afterAll(() => {
  access.close();
  rmSync(folder, { recursive: true });
});

const materialOf = (name: string) => {
  const file = (end: string) => join(folder, end);
  return readTlsMaterial({
    ...{ certificateFile: file(`${name}.pem`), keyFile: file(`${name}-key.pem`), caFile: file('ca.pem') },
  });
};
const audited = (trust: LinkTrust) => auditedTrust(trust, auditInto(notes));
const withToken = (token?: string): LinkTrust =>
  audited(new SiteTrust({ authenticator: access, joinToken: () => token }));
const withCertificate = (name: string): LinkTrust => {
  const revocations = { isRevoked: () => revoked };
  return audited(
    new SiteTrust({ authenticator: access, joinToken: () => undefined, tls: () => materialOf(name), revocations }),
  );
};
/** Trust without a list of revoked certificates. */
const withoutList = (name: string): LinkTrust =>
  new SiteTrust({ authenticator: access, joinToken: () => undefined, tls: () => materialOf(name) });

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const limits = { heartbeatMs: 20, reconnectMinMs: 60_000, reconnectMaxMs: 60_000 };
const hello = (plantId: string) => (): Hello => ({ plantId, version: '1', ad: {} });

/** Records the events of the link at its upper end. */
function listening() {
  const [joined, left] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  const listener: LinkListener = {
    joined: ({ plantId }) => joined.resolve(plantId),
    left: (_, reason) => left.resolve(reason),
    notified: () => undefined,
    heard: () => undefined,
  };
  return { listener, joined: joined.promise, left: left.promise };
}

const serverOf = (tls?: string) =>
  (tls === undefined ? createServer() : createTlsServer(listenerOptions(materialOf(tls)))) as Server;

/** A plant dials up. */
async function dialUp(
  upper: LinkTrust,
  lower: LinkTrust,
  { tls, plantId = 'plant' }: { tls?: string; plantId?: string },
) {
  const server = serverOf(tls);
  const { listener, ...heard } = listening();
  const link = serveLink(server, listener, { trust: upper, log: quiet, limits });
  closers.push(() => link.close());
  const url = `${tls === undefined ? 'ws' : 'wss'}://localhost:${await portOf(server, closers)}/v1/link`;
  const options = {
    url,
    hello: hello(plantId),
    handlers: {} as never,
    trust: lower,
    random: () => 0,
    log: quiet,
    limits,
  };
  const dialled = dialLink(options);
  closers.push(() => dialled.close());
  return heard;
}

const GONE = 'the credentials of the other end are no longer valid';

test('a link ends when the token that opened it is revoked', async () => {
  const token = access.tokens.create({ name: 'plant', owner: 'plant', roles: ['node'] });
  const { joined, left } = await dialUp(withToken(), withToken(token), {});
  expect(await joined).toBe('plant');
  access.tokens.revoke('plant');
  expect(await left).toBe(GONE);
});

test.each([
  ['below', () => [withCertificate('shop'), withoutList('plant')]],
  ['above', () => [withoutList('shop'), withCertificate('plant')]],
] as const)(
  'a link ends when the certificate of the end %s is revoked, and does not come up again',
  async (_, ends) => {
    const [upper, lower] = ends();
    const { joined, left } = await dialUp(upper!, lower!, { tls: 'shop' });
    expect(await joined).toBe('plant');
    revoked = true;
    expect(await left).toBe(GONE);
    expect(notes).toEqual([]);
    await dialUp(upper!, lower!, { tls: 'shop' });
    while (notes.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(notes[0]).toMatchObject({ door: 'link', outcome: 'UNAUTHENTICATED' });
  },
);

test('a link that was dialled from above ends the same', async () => {
  const server = serverOf('plant');
  const handlers = {} as never;
  const accepted = acceptLinks(server, {
    hello: hello('plant'),
    handlers,
    trust: withCertificate('plant'),
    log: quiet,
    limits,
  });
  closers.push(() => accepted.close());
  const { listener, joined, left } = listening();
  const link = serveLink(createServer(), listener, { trust: withoutList('shop'), log: quiet, limits });
  closers.push(() => link.close());
  link.dial(`wss://localhost:${await portOf(server, closers)}/v1/link`, () => 0);
  expect(await joined).toBe('plant');
  revoked = true;
  expect(await left).toBe(GONE);
});

test('the audit trail has what links refuse: from where, as whom, and why', async () => {
  const noted = async (count: number) => {
    while (notes.length < count) await new Promise((resolve) => setImmediate(resolve));
    return notes.splice(0);
  };
  const from = { door: 'link', from: expect.stringMatching(/127\.0\.0\.1$/) };
  await dialUp(withToken(), withToken(), {});
  expect(await noted(1)).toEqual([{ ...from, operation: 'link.register', target: '', outcome: 'UNAUTHENTICATED' }]);
  await dialUp(withCertificate('shop'), withoutList('plant'), { tls: 'shop', plantId: 'another' });
  expect(await noted(1)).toEqual([
    { ...from, operation: 'link.register', target: 'another', credential: 'plant plant', outcome: 'FORBIDDEN' },
  ]);
  await dialUp(withCertificate('shop'), withoutList('shop'), { tls: 'shop' });
  expect(await noted(1)).toEqual([{ ...from, operation: 'link.register', target: '', outcome: 'FORBIDDEN' }]);
});
