import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Access, bearerOf, localTokenFile, readTokenFile } from '../src/index.ts';

let folder: string;
let now: number;
let access: Access;
const open = () => Access.open(join(folder, 'access'), () => now);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'access-'));
  now = Date.parse('2026-01-01T00:00:00Z');
  access = open();
});
afterEach(() => {
  access.close();
  rmSync(folder, { recursive: true });
});

const ADA = { name: 'ada-laptop', owner: 'ada', roles: ['user'] } as const;
const unauthenticated = (message: string) => expect.objectContaining({ code: 'UNAUTHENTICATED', message });
const DOES_NOT_HOLD = 'the token is unknown, revoked or expired';

test('a token says whose it is and what it may, until it is revoked, at once and in every process', () => {
  const token = access.tokens.create(ADA);
  const other = open();
  expect(other.authenticate(token)).toEqual({ owner: 'ada', roles: ['user'], credential: 'ada-laptop' });
  access.tokens.revoke('ada-laptop');
  expect(() => other.authenticate(token)).toThrow(unauthenticated(DOES_NOT_HOLD));
  other.close();
});

test('a token holds until the millisecond it expires', () => {
  const token = access.tokens.create({ ...ADA, expiresAt: now + 1_000 });
  now += 999;
  expect(access.authenticate(token).owner).toBe('ada');
  now += 1;
  expect(() => access.authenticate(token)).toThrow(unauthenticated(DOES_NOT_HOLD));
});

test('what is no token of ours is told nothing more than one that was revoked', () => {
  const token = access.tokens.create(ADA);
  const tampered = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`;
  for (const shown of [tampered, token.slice(4), `${token} `, '', "' OR 1=1 --", 'x'.repeat(100_000)]) {
    expect(() => access.authenticate(shown)).toThrow(unauthenticated(DOES_NOT_HOLD));
  }
  expect(() => access.authenticate(undefined)).toThrow(unauthenticated('no token came with the request'));
});

test('a token has 256 random bits, and no file of the folder has it', () => {
  const tokens = Array.from({ length: 50 }, (_, index) => access.tokens.create({ ...ADA, name: `ada-${index}` }));
  expect(new Set(tokens).size).toBe(50);
  for (const token of tokens) {
    expect(Buffer.from(token.replace(/^vmg_/, ''), 'base64url')).toHaveLength(32);
  }
  const files = readdirSync(join(folder, 'access'));
  expect(files).toContain('tokens.sqlite');
  const holding = files.filter((name) => {
    const content = readFileSync(join(folder, 'access', name), 'latin1');
    return tokens.some((token) => content.includes(token) || content.includes(token.slice(4, 20)));
  });
  expect(holding).toEqual([]);
});

test('a name is used once; one that nobody has cannot be revoked', () => {
  access.tokens.create(ADA);
  expect(() => access.tokens.create(ADA)).toThrow(expect.objectContaining({ code: 'TOKEN_EXISTS' }));
  expect(() => access.tokens.revoke('bob')).toThrow(expect.objectContaining({ code: 'TOKEN_UNKNOWN' }));
  expect(access.tokens.list()).toEqual([
    { ...ADA, createdAt: now },
    { name: 'local-join', owner: 'join', roles: ['join'], createdAt: now },
    { name: 'local-operator', owner: 'operator', roles: ['operator'], createdAt: now },
  ]);
});

test("the machine's own token is an operator's, stays the same, and is made anew when it no longer holds", () => {
  const file = localTokenFile(join(folder, 'access'));
  const first = readTokenFile(file)!;
  expect(access.authenticate(first)).toEqual({ owner: 'operator', roles: ['operator'], credential: 'local-operator' });
  open().close();
  expect(readTokenFile(file)).toBe(first);
  access.tokens.revoke('local-operator');
  open().close();
  const second = readTokenFile(file)!;
  expect(second).not.toBe(first);
  expect(access.authenticate(second).roles).toEqual(['operator']);
  writeFileSync(file, 'vmg_broken\n');
  open().close();
  expect(access.authenticate(readTokenFile(file)!).roles).toEqual(['operator']);
});

test('nobody else can read the folder or any file of it', () => {
  access.tokens.create(ADA);
  const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);
  expect(modeOf(join(folder, 'access'))).toBe('700');
  const files = readdirSync(join(folder, 'access'));
  expect(files.map((name) => [name, modeOf(join(folder, 'access', name))])).toEqual(files.map((name) => [name, '600']));
});

test.each([
  ['Bearer vmg_x', 'vmg_x'],
  ['bearer  vmg_x ', 'vmg_x'],
  ['Basic dXNlcjpwYXNz', undefined],
  ['Bearer', undefined],
  ['Bearer a b', undefined],
  [undefined, undefined],
])('the header %p shows the token %p', (header, token) => {
  expect(bearerOf(header)).toBe(token);
});
