import { expect, test } from '@jest/globals';
import { awaitEnd } from '../src/process/await-end.ts';

const NEVER = new Promise(() => undefined);
const UNHURRIED = new AbortController().signal;
const tooLate = { name: 'GridError', code: 'VMM_FAILED' };

test('a machine that ends in time is waited for', async () => {
  expect(await awaitEnd(Promise.resolve({ cause: 'requested' }), 60_000, UNHURRIED)).toBeUndefined();
});

test('one that goes on is a failure of its hypervisor with the limit', async () => {
  await expect(awaitEnd(NEVER, 1, UNHURRIED)).rejects.toMatchObject({ ...tooLate, details: { withinMs: 1 } });
});

test('whoever gives up hears its own reason', async () => {
  const reason = new Error('no longer wanted');
  await expect(awaitEnd(NEVER, 60_000, AbortSignal.abort(reason))).rejects.toBe(reason);
});
