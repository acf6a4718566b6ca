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
async function admitted(owner: string, requests: number): Promise<number> {
  const asked = Array.from({ length: requests }, () => limited.authenticate(owner));
  return (await Promise.allSettled(asked)).filter(({ status }) => status === 'fulfilled').length;
}

test('a second of requests is let in at once, then as many as time gives', async () => {
  expect(await admitted('ada', 10)).toBe(3);
  now += 1_000;
  expect(await admitted('ada', 10)).toBe(3);
  now += 400;
  expect(await admitted('ada', 10)).toBe(1);
  now += 3_600_000;
  expect(await admitted('ada', 10)).toBe(3);
});

test('less than one a second is one every so often', async () => {
  expect(await admitted('bob', 5)).toBe(1);
  now += 1_999;
  expect(await admitted('bob', 5)).toBe(0);
  now += 2;
  expect(await admitted('bob', 5)).toBe(1);
});

test('owners do not use up each other', async () => {
  expect([await admitted('ada', 9), await admitted('bob', 9), await admitted('eve', 9)]).toEqual([3, 1, 9]);
});

test('the refusal has its own code, what there is and the limit', async () => {
  await admitted('ada', 3);
  now += 250;
  await expect(limited.authenticate('ada')).rejects.toMatchObject({
    code: 'QUOTA_REQUESTS',
    details: { owner: 'ada', wanted: 1, available: 0.75, limit: 3 },
  });
});
