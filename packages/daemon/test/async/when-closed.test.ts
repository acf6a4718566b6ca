import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { whenClosed } from '../../src/index.ts';

test('the end of a stream is told once it comes, and at once when it has come before', async () => {
  const told: string[] = [];
  const stream = new PassThrough();
  whenClosed(stream, () => told.push('before'));
  expect(told).toEqual([]);
  const closed = once(stream, 'close');
  stream.destroy();
  await closed;
  expect(told).toEqual(['before']);
  whenClosed(stream, () => told.push('after'));
  expect(told).toEqual(['before', 'after']);
});
