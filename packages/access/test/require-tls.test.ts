import { expect, test } from '@jest/globals';
import { requireTls } from '../src/index.ts';

const refusal = (listens: string[], dials: string[], hasTls: boolean): string | undefined => {
  try {
    requireTls({ listens, dials, hasTls });
    return undefined;
  } catch (error) {
    expect(error).toMatchObject({ code: 'TLS_REQUIRED' });
    return (error as Error).message;
  }
};

test.each(['127.0.0.1', '127.8.9.10', 'localhost', '::1'])('%s is listened on in clear', (host) => {
  expect(
    refusal([host], ['ws://127.0.0.1:1/v1/link', 'ws://[::1]:1/v1/link', 'ws://localhost'], false),
  ).toBeUndefined();
});

test.each(['0.0.0.0', '::', '10.0.0.1', 'shop.example.org', '127.0.0.1.example.org', '::ffff:10.0.0.1'])(
  '%s is listened on with TLS only',
  (host) => {
    expect(refusal(['127.0.0.1', host], [], false)).toBe(
      `the configuration listens on ${host}, which is not loopback, without tls`,
    );
    expect(refusal(['127.0.0.1', host], [], true)).toBeUndefined();
  },
);

test('another machine is dialled with TLS only, whatever is listened on', () => {
  expect(refusal([], ['ws://10.0.0.1:7780'], true)).toMatch('ws://10.0.0.1:7780 is dialled without TLS');
  expect(refusal([], ['wss://10.0.0.1:7780'], true)).toBeUndefined();
  expect(refusal([], ['wss://10.0.0.1:7780'], false)).toMatch('has no tls');
});
