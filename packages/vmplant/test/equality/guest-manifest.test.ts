import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { manifestOf } from '../../src/equality/guest-manifest.ts';

const NEVER = new AbortController().signal;

const printing = (...lines: readonly string[]) => ({
  async *run() {
    yield* lines;
  },
});

test('what a guest prints is its manifest', async () => {
  const guest = printing('swap\t/swap\tfile', 'that is all');
  const manifest = await manifestOf(guest, 0, { ms: 60_000, signal: NEVER });
  expect([...manifest]).toEqual([['swap\t/swap', 'file']]);
});

test('a guest that tells a part of what it has is not compared', async () => {
  const told = manifestOf(printing('swap\t/swap\tfile'), 0, { ms: 60_000, signal: NEVER });
  await expect(told).rejects.toMatchObject({ code: 'GUEST_UNREACHABLE' });
});

test('a guest that falls silent is not waited for without end', async () => {
  const guest = {
    async *run(_: readonly string[], signal: AbortSignal) {
      yield 'swap\t/swap\tfile';
      await sleep(3_600_000, undefined, { signal });
    },
  };
  const told = manifestOf(guest, 0, { ms: 1, signal: NEVER });
  await expect(told).rejects.toMatchObject({ code: 'GUEST_UNREACHABLE' });
});
