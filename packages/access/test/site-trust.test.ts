/** Links between daemons over real sockets: who may have one, as whom, in clear and by certificates. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { acceptLinks, dialLink, type Hello, type LinkTrust, serveLink } from '@vmgrid/protocol';
import {
  Access,
  joinTokenFile,
  listenerOptions,
  makeCertificates,
  readTlsMaterial,
  readTokenFile,
  SiteTrust,
  type Wanted,
} from '../src/index.ts';
import { portOf } from './port-of.ts';

let folder: string;
let access: Access;
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'trust-'));
  access = Access.open(join(folder, 'access'));
  const names = { shop: ['shop'], broker: ['broker-1'], plant: ['plant-1', 'plant-2'] } as const;
  const wanted = Object.entries(names).flatMap(([kind, all]) =>
    all.map((name) => ({ kind, name, hosts: [] }) as Wanted),
  );
  await makeCertificates(join(folder, 'site'), wanted, Date.now());
  await makeCertificates(join(folder, 'other'), wanted, Date.now());
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
afterAll(() => {
  access.close();
  rmSync(folder, { recursive: true });
});

const materialOf = (name: string, site = 'site') => {
  const file = (end: string) => join(folder, site, end);
  const config = { certificateFile: file(`${name}.pem`), keyFile: file(`${name}-key.pem`), caFile: file('ca.pem') };
  return readTlsMaterial(config);
};
const withCertificate = (name: string, site?: string): LinkTrust =>
  new SiteTrust({ authenticator: access, joinToken: () => undefined, tls: () => materialOf(name, site) });
const withToken = (token: string | undefined): LinkTrust =>
  new SiteTrust({ authenticator: access, joinToken: () => token });

interface Warned {
  readonly details: object;
}

/** Returns the result for a plant or broker that dials up: `joined`, or the reason of the refusing end. */
async function dialUp(
  upper: LinkTrust,
  lower: LinkTrust,
  { tls, plantId = 'plant-1', role }: { tls?: string; plantId?: string; role?: 'broker' },
): Promise<string> {
  const outcome = Promise.withResolvers<string>();
  const server = tls === undefined ? createServer() : createTlsServer(listenerOptions(materialOf(tls)));
  const link = serveLink(
    server as Server,
    {
      joined: ({ plantId: id }) => outcome.resolve(`joined ${id}`),
      left: () => undefined,
      notified: () => undefined,
      heard: () => undefined,
    },
    { trust: upper, log: logTo(outcome.resolve) },
  );
  closers.push(() => link.close());
  const port = await portOf(server as Server, closers);
  const hello = (): Hello => ({ plantId, version: '1', ad: {}, ...(role && { role }) });
  const dialled = dialLink({
    url: `${tls === undefined ? 'ws' : 'wss'}://localhost:${port}/v1/link`,
    ...{ hello, handlers: {} as never, trust: lower, random: () => 0, log: logTo(outcome.resolve) },
  });
  closers.push(() => dialled.close());
  return outcome.promise;
}

/** A log that tells of the first refusal. */
const logTo = (tell: (reason: string) => void) => ({
  info: () => undefined,
  error: () => undefined,
  warn: (details: Warned['details']) => {
    const { reason } = details as { reason?: string };
    if (reason !== undefined) tell(reason);
  },
});

describe('in clear, on loopback', () => {
  const tokenOf = (name: string, role: 'node' | 'user') => {
    const known = access.tokens.list().some((one) => one.name === name);
    if (known) access.tokens.revoke(name);
    return access.tokens.create({ name, owner: name, roles: [role] });
  };
  const upper = () => withToken(undefined);
  const joinToken = () => readTokenFile(joinTokenFile(join(folder, 'access')));

  test("the machine's join token lets a plant or broker of any name register", async () => {
    expect(await dialUp(upper(), withToken(joinToken()), { plantId: 'plant-9' })).toBe('joined plant-9');
    expect(await dialUp(upper(), withToken(joinToken()), { plantId: 'b', role: 'broker' })).toBe('joined b');
  });

  test('without a token nobody registers', async () => {
    expect(await dialUp(upper(), withToken(undefined), {})).toBe('no token came with the request');
  });

  test("a user's token opens no link", async () => {
    expect(await dialUp(upper(), withToken(tokenOf('plant-1', 'user')), {})).toMatch(
      'link.register is for the roles node, join',
    );
  });

  test("a node's token registers its own name alone", async () => {
    expect(await dialUp(upper(), withToken(tokenOf('plant-1', 'node')), {})).toBe('joined plant-1');
    expect(await dialUp(upper(), withToken(tokenOf('plant-1', 'node')), { plantId: 'plant-2' })).toMatch(
      'the credentials plant-1 are not those of the plant plant-2',
    );
  });
});

describe('by certificates of the site', () => {
  test('a plant registers under the name in its certificate', async () => {
    expect(await dialUp(withCertificate('shop'), withCertificate('plant-1'), { tls: 'shop' })).toBe('joined plant-1');
  });

  test('a plant does not take the name of another', async () => {
    expect(
      await dialUp(withCertificate('shop'), withCertificate('plant-1'), { tls: 'shop', plantId: 'plant-2' }),
    ).toMatch('the credentials plant plant-1 are not those of the plant plant-2');
  });

  test('a plant does not pass for a broker, which speaks for others', async () => {
    expect(await dialUp(withCertificate('shop'), withCertificate('plant-1'), { tls: 'shop', role: 'broker' })).toMatch(
      'are not those of the broker plant-1',
    );
    const broker = { tls: 'shop', plantId: 'broker-1', role: 'broker' } as const;
    expect(await dialUp(withCertificate('shop'), withCertificate('broker-1'), broker)).toBe('joined broker-1');
  });

  test('a shop is no plant', async () => {
    const outcome = await dialUp(withCertificate('shop'), withCertificate('shop'), { tls: 'shop', plantId: 'shop' });
    expect(outcome).toMatch('the other end is the shop shop, which is no plant or broker');
  });

  test('a plant gives itself to no plant that passes for a shop', async () => {
    const outcome = await dialUp(withCertificate('plant-2'), withCertificate('plant-1'), { tls: 'plant-2' });
    expect(outcome).toMatch('the other end is the plant plant-2, which is no shop or broker');
  });

  test("another site's CA counts for nothing, at either end", async () => {
    expect(await dialUp(withCertificate('shop'), withCertificate('plant-1', 'other'), { tls: 'shop' })).toMatch(
      /unable to verify|self-signed|signature|certificate/,
    );
  });

  test('a token does not stand in for a certificate', async () => {
    const { ca, minVersion } = materialOf('plant-1');
    const token = access.tokens.create({ name: `bare-${Date.now()}`, owner: 'plant-1', roles: ['node'] });
    const bare: LinkTrust = {
      ...withCertificate('plant-1'),
      credentials: () => ({ tls: { ca, minVersion }, headers: { authorization: `Bearer ${token}` } }),
      recognizeAbove: () => ({ holds: () => true }),
    };
    expect(await dialUp(withCertificate('shop'), bare, { tls: 'shop' })).toMatch('the other end has no certificate');
  });
});

describe('a plant that is dialled', () => {
  async function dialDown(shop: LinkTrust, plant: LinkTrust, tls?: string): Promise<string> {
    const outcome = Promise.withResolvers<string>();
    const server = tls === undefined ? createServer() : createTlsServer(listenerOptions(materialOf(tls)));
    const hello = (): Hello => ({ plantId: 'plant-1', version: '1', ad: {} });
    const log = logTo(outcome.resolve);
    const accepted = acceptLinks(server as Server, { hello, handlers: {} as never, trust: plant, log });
    closers.push(() => accepted.close());
    const port = await portOf(server as Server, closers);
    const joined = ({ plantId }: { plantId: string }) => outcome.resolve(`joined ${plantId}`);
    const listener = { joined, left: () => undefined, notified: () => undefined, heard: () => undefined };
    const link = serveLink(createServer(), listener, { trust: shop, log });
    closers.push(() => link.close());
    link.dial(`${tls === undefined ? 'ws' : 'wss'}://localhost:${port}/v1/link`, () => 0);
    return outcome.promise;
  }

  test('takes a shop of its site by certificate, and by the join token of its machine', async () => {
    expect(await dialDown(withCertificate('shop'), withCertificate('plant-1'), 'plant-1')).toBe('joined plant-1');
    const token = readTokenFile(joinTokenFile(join(folder, 'access')));
    expect(await dialDown(withToken(token), withToken(undefined))).toBe('joined plant-1');
  });

  test('takes no plant for a shop', async () => {
    expect(await dialDown(withCertificate('plant-2'), withCertificate('plant-1'), 'plant-1')).toMatch(
      'the other end is the plant plant-2, which is no shop or broker',
    );
    const token = access.tokens.create({ name: `node-${Date.now()}`, owner: 'plant-2', roles: ['node'] });
    expect(await dialDown(withToken(token), withToken(undefined))).toMatch('link.command is for the roles join');
  });

  test('must have the certificate of the name that it says', async () => {
    expect(await dialDown(withCertificate('shop'), withCertificate('plant-2'), 'plant-2')).toMatch(
      'the credentials plant plant-2 are not those of the plant plant-1',
    );
  });
});
