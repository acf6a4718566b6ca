import { expect, test } from '@jest/globals';
import { checkConfig } from '@vmgrid/daemon';
import { ShopConfig } from '../src/config.ts';

test('a shop needs no configuration, and listens on loopback only', () => {
  expect(checkConfig(ShopConfig, {}, 'test')).toEqual({
    host: '127.0.0.1',
    httpPort: 7780,
    plants: [],
    xmlPort: 7781,
    auctionsKept: 10_000,
    auctionsKeptMiB: 64,
    bidWindowMs: 2_000,
    awardAttempts: 3,
    requestDeadlineMs: 1_800_000,
    plantReturnMs: 20_000,
    plantForgetMs: 86_400_000,
    requestsPerMinute: 6_000,
    requestsKept: 10_000,
    fileMiB: 1_024,
    filesMiB: 8_192,
    filesKept: 'P7D',
    heapMiB: 1_200,
    logLevel: 'info',
  });
});

test.each([
  [{ httpPort: 65_536 }, '/httpPort'],
  [{ plants: ['http://127.0.0.1'] }, '/plants/0'],
  [{ bidWindowMs: 0 }, '/bidWindowMs'],
  [{ awardAttempts: 0 }, '/awardAttempts'],
  [{ fileMiB: 4_096 }, '/fileMiB'],
  [{ logLevel: 'loud' }, '/logLevel'],
  [{ port: 80 }, 'port'],
])('%j is refused by the name of its field', (wrong, field) => {
  expect(() => checkConfig(ShopConfig, wrong, 'test')).toThrow(field);
});
