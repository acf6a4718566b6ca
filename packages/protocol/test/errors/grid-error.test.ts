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

test('a retryable error is told to a client with a status that says so, or with a conflict', () => {
  const odd = Object.entries(ERROR_CATALOGUE).filter(
    ([, { status, retryable }]) => retryable && ![400, 409, 429, 500, 502, 503, 504].includes(status),
  );
  expect(odd).toEqual([]);
});
