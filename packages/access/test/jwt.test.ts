import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { checkConfig } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { JwtAuthenticator, JwtConfig, principalOfClaims } from '../src/index.ts';

const ISSUER = 'https://idp.example.org/';
const NOW = Date.parse('2026-01-01T00:00:00Z');
const BASE = { issuer: ISSUER, audience: 'vmgrid', roles: { 'grid-admins': 'operator', everybody: 'user' } };
const access = {
  authenticate: (): never => {
    throw new GridError('UNAUTHENTICATED', 'no token of the machine');
  },
};

let folder: string;
let now: number;
let keys: Awaited<ReturnType<typeof generateKeyPair>>;
let others: Awaited<ReturnType<typeof generateKeyPair>>;
let authenticator: JwtAuthenticator;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'jwt-'));
  [keys, others] = await Promise.all([generateKeyPair('ES256'), generateKeyPair('ES256')]);
  const key = { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'ES256' };
  writeFileSync(join(folder, 'jwks.json'), JSON.stringify({ keys: [key] }));
});
beforeEach(() => {
  now = NOW;
  authenticator = open({ jwksFile: join(folder, 'jwks.json') });
});
afterAll(() => rmSync(folder, { recursive: true }));

const open = (more: object) =>
  new JwtAuthenticator(access, checkConfig(JwtConfig, { ...BASE, ...more }, 'jwt'), () => now);
const CLAIMS = { sub: 'ada', iss: ISSUER, aud: 'vmgrid', exp: NOW / 1_000 + 3_600, roles: ['everybody'] };
const sign = (claims: JWTPayload, key = keys.privateKey, alg = 'ES256') =>
  new SignJWT(claims).setProtectedHeader({ alg, kid: 'one' }).sign(key);
const ADA = { owner: 'jwt:ada', roles: ['user'], credential: 'jwt' };

test("a token of the provider says whose it is and, by the site's mapping, what it may", async () => {
  expect(await authenticator.authenticate(await sign(CLAIMS))).toEqual(ADA);
  const both = await sign({ ...CLAIMS, roles: ['everybody', 'grid-admins', 'chess'] });
  expect(await authenticator.authenticate(both)).toEqual({ ...ADA, roles: ['user', 'operator'] });
});

test.each([
  ['realm_access.roles', { realm_access: { roles: ['grid-admins'] } }],
  ['resource_access.vmgrid.roles', { resource_access: { vmgrid: { roles: ['grid-admins'] } } }],
  ['resource_access.grid.example.org.roles', { resource_access: { 'grid.example.org': { roles: 'grid-admins' } } }],
  ['https://example.org/roles', { 'https://example.org/roles': ['grid-admins'] }],
])('the roles are those of the claim %s', async (rolesClaim, claims) => {
  authenticator = open({ jwksFile: join(folder, 'jwks.json'), rolesClaim });
  const token = await sign({ ...CLAIMS, ...claims, roles: ['everybody'] });
  expect(await authenticator.authenticate(token)).toEqual({ ...ADA, roles: ['operator'] });
});

test('a path that leads to no claim gives no role, whatever else there is of that name', async () => {
  authenticator = open({ jwksFile: join(folder, 'jwks.json'), rolesClaim: 'realm_access.constructor' });
  const token = await sign({ ...CLAIMS, realm_access: {}, constructor: ['grid-admins'] });
  expect(await authenticator.authenticate(token)).toEqual({ ...ADA, roles: [] });
});

describe('a token does not hold', () => {
  const cases: readonly (readonly [string, () => Promise<string>])[] = [
    ['of another issuer', () => sign({ ...CLAIMS, iss: 'https://evil.example.org/' })],
    ['for another audience', () => sign({ ...CLAIMS, aud: 'mail' })],
    ['that has expired', () => sign({ ...CLAIMS, exp: NOW / 1_000 - 31 })],
    ['that never expires', () => sign({ sub: 'ada', iss: ISSUER, aud: 'vmgrid' })],
    ['that is not valid yet', () => sign({ ...CLAIMS, nbf: NOW / 1_000 + 31 })],
    ['without an owner', () => sign({ ...CLAIMS, sub: undefined } as unknown as JWTPayload)],
    ['with an owner that is no name', () => sign({ ...CLAIMS, sub: 'ada smith\n' })],
    ['signed by another key', () => sign(CLAIMS, others.privateKey)],
    ['with no signature', async () => new UnsecuredJWT(CLAIMS).encode()],
    ['signed with the public key as a shared secret', async () => sign(CLAIMS, await publicKeyAsSecret(), 'HS256')],
    ['that was changed', async () => tampered(await sign(CLAIMS))],
  ];
  test.each(cases)('%s', async (_what, make) => {
    await expect(authenticator.authenticate(await make())).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});

const publicKeyAsSecret = async () => Buffer.from(JSON.stringify(await exportJWK(keys.publicKey))) as never;

function tampered(token: string): string {
  const [head, , signature] = token.split('.');
  const claims = Buffer.from(JSON.stringify({ ...CLAIMS, sub: 'root' })).toString('base64url');
  return `${head}.${claims}.${signature}`;
}

test('a token that was verified holds until it expires, and not a moment longer', async () => {
  const token = await sign({ ...CLAIMS, exp: NOW / 1_000 + 10 });
  expect(await authenticator.authenticate(token)).toEqual(ADA);
  now = NOW + 39_000; // the tolerance between clocks is half a minute
  expect(await authenticator.authenticate(token)).toEqual(ADA);
  now = NOW + 40_000;
  await expect(authenticator.authenticate(token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
});

test('a token that was verified is looked at again when the clock was set back since', async () => {
  const token = await sign({ ...CLAIMS, nbf: NOW / 1_000 });
  expect(await authenticator.authenticate(token)).toEqual(ADA);
  now = NOW - 86_400_000;
  await expect(authenticator.authenticate(token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  now = NOW;
  expect(await authenticator.authenticate(token)).toEqual(ADA);
});

test('what is no token of a provider is looked for among those of the machine', async () => {
  for (const bearer of [undefined, 'vmg_x', 'a.b', 'a.b.c.d']) {
    await expect(authenticator.authenticate(bearer)).rejects.toMatchObject({ message: 'no token of the machine' });
  }
});

test('keys are fetched from their address; while they cannot be had, that is said, and is no verdict', async () => {
  const key = { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'ES256' };
  let status = 500;
  const server: Server = createServer((_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [key] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
    const token = await sign(CLAIMS);
    await expect(open({ jwksUrl }).authenticate(token)).rejects.toMatchObject({ code: 'IDENTITY_UNAVAILABLE' });
    status = 200;
    expect(await open({ jwksUrl }).authenticate(token)).toEqual(ADA);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test.each([
  [{}],
  [{ jwksFile: '/a', jwksUrl: 'https://a' }],
  [{ jwksUrl: 'http://idp.example.org/jwks' }],
  [{ jwksFile: '/a', algorithms: ['HS256'] }],
  [{ jwksFile: '/a', algorithms: ['none'] }],
  [{ jwksFile: '/a', roles: { admins: 'join' } }],
])('the configuration %j is refused', (more) => {
  expect(() => checkConfig(JwtConfig, { ...BASE, ...more }, 'jwt')).toThrow('jwt');
});

test('claims with names of things every object has mean nothing', () => {
  const config = checkConfig(JwtConfig, { ...BASE, jwksFile: '/a', defaultRoles: ['auditor'] }, 'jwt');
  const claims = { sub: 'eve', roles: ['constructor', '__proto__', 7, null] };
  expect(principalOfClaims(claims, config)).toEqual({ owner: 'jwt:eve', roles: ['auditor'], credential: 'jwt' });
});
