import { Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { ConnectionLimiter } from '../../src/tcp/connection-limiter.ts';

/** A connection from one port of a client to this address of the shop. */
function connection(localAddress: string): Socket {
  const ends = { remoteAddress: '192.0.2.7', remotePort: 40_000, localAddress, localPort: 7_781 };
  const own = Object.entries(ends).map(([name, value]) => [name, { value }]);
  return Object.defineProperties(new Socket(), Object.fromEntries(own));
}

test('a client that comes from one port to two addresses of the shop has two connections, the longest silent goes first', () => {
  const limiter = new ConnectionLimiter(2);
  const [first, second, third] = ['198.51.100.1', '198.51.100.2', '198.51.100.3'].map(connection) as [
    Socket,
    Socket,
    Socket,
  ];
  for (const socket of [first, second, third]) limiter.enter(socket);
  expect([first, second, third].map(({ destroyed }) => destroyed)).toEqual([true, false, false]);
});
