import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { ERROR_CATALOGUE, type ErrorCode, GridError } from '@vmgrid/protocol';

test.each(Object.keys(ERROR_CATALOGUE) as ErrorCode[])('%s crosses a wire and is the same error again', (code) => {
  const sent = new GridError(code, 'what happened', { field: 'dag', ids: ['a'] });
  const received = GridError.fromBody(JSON.parse(JSON.stringify(sent.toBody())));
  expect(received.toBody()).toEqual(sent.toBody());
  expect(received.kind).toBe(ERROR_CATALOGUE[code]);
});

test('a code of another version becomes INTERNAL and keeps its name', () => {
  const received = GridError.fromBody({ code: 'MOON_FULL', message: 'wait', details: { night: 1 } });
  expect(received).toMatchObject({
    code: 'INTERNAL',
    message: 'wait',
    details: { night: 1, receivedCode: 'MOON_FULL' },
  });
});

test('the body carries neither stack nor cause', () => {
  const error = new GridError('VMM_FAILED', 'qemu ended', {}, { cause: new Error('hunter2') });
  expect(Object.keys(error.toBody())).toEqual(['code', 'message', 'remedy', 'retryable', 'details']);
});

test('a GridError stays what it is; any other thrown thing becomes INTERNAL with the thing as cause', () => {
  const error = new GridError('NO_BIDS', 'nobody');
  expect(GridError.from(error)).toBe(error);
  const cause = new Error('hunter2');
  expect(GridError.from(cause)).toMatchObject({
    code: 'INTERNAL',
    cause,
    message: expect.not.stringContaining('hunter2'),
  });
});

test('a deadline or an abort that comes bare is no fault of vmgrid', () => {
  const timeout = new DOMException('The operation was aborted due to timeout', 'TimeoutError');
  expect(GridError.from(timeout)).toMatchObject({ code: 'DEADLINE_EXCEEDED', cause: timeout });
  const abort = new DOMException('This operation was aborted', 'AbortError');
  expect(GridError.from(abort)).toMatchObject({ code: 'CANCELLED', cause: abort });
});

test.each([
  ['a sleep', (signal: AbortSignal) => sleep(60_000, undefined, { signal })],
  ['a wait for an event', (signal: AbortSignal) => once(process, 'no such event', { signal })],
  ['a file that is read', (signal: AbortSignal) => readFile(import.meta.filename, { signal })],
] as const)('%s that is given up fails with the reason it was given up for', async (_, work) => {
  const reason = new GridError('GUEST_UNREACHABLE', 'the guest did not bring its card up within 30000 ms');
  const thrown = await (work(AbortSignal.abort(reason)) as Promise<unknown>).catch((error: unknown) => error);
  expect(GridError.from(thrown)).toBe(reason);
});

test('a retryable error is told to a client with a status that says so, or with a conflict', () => {
  const odd = Object.entries(ERROR_CATALOGUE).filter(
    ([, { status, retryable }]) => retryable && ![400, 409, 429, 500, 502, 503, 504].includes(status),
  );
  expect(odd).toEqual([]);
});
