import { beforeEach, expect, test } from '@jest/globals';
import { LimitedAuthenticator } from '../src/index.ts';

let now: number;
let limited: LimitedAuthenticator;
const LIMITS: Readonly<Record<string, number>> = { ada: 3, bob: 0.5 };

beforeEach(() => {
  now = 0;
  const inner = { authenticate: (owner = 'nobody') => ({ owner, roles: [], credential: owner }) };
  limited = new LimitedAuthenticator(inner, { perSecond: (owner) => LIMITS[owner], now: () => now });
});

/** How many of so many requests at once are let in. */
const admitted = (owner: string, requests: number): number =>
  Array.from({ length: requests }, () => {
    try {
      return limited.authenticate(owner).owner === owner;
    } catch {
      return false;
    }
  }).filter(Boolean).length;

test('a second of requests is let in at once, then as many as time gives', () => {
  expect(admitted('ada', 10)).toBe(3);
  now += 1_000;
  expect(admitted('ada', 10)).toBe(3);
  now += 400;
  expect(admitted('ada', 10)).toBe(1);
  now += 3_600_000;
  expect(admitted('ada', 10)).toBe(3);
});

test('less than one a second is one every so often', () => {
  expect(admitted('bob', 5)).toBe(1);
  now += 1_999;
  expect(admitted('bob', 5)).toBe(0);
  now += 2;
  expect(admitted('bob', 5)).toBe(1);
});

test('owners do not use up each other', () => {
  expect([admitted('ada', 9), admitted('bob', 9), admitted('eve', 9)]).toEqual([3, 1, 9]);
});

test('the refusal has its own code and the limit', () => {
  admitted('ada', 3);
  expect(() => limited.authenticate('ada')).toThrow(
    expect.objectContaining({ code: 'QUOTA_REQUESTS', details: { owner: 'ada', limit: 3 } }),
  );
});
