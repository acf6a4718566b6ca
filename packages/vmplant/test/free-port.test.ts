import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { findFreePort } from '../src/free-port.ts';

test('a free port can be listened on', async () => {
  const port = await findFreePort();
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  expect(server.address()).toMatchObject({ port });
  server.close();
});

test('ports found one after the other while each is used differ', async () => {
  const servers = [];
  for (let index = 0; index < 5; index += 1) {
    const server = createServer().listen(await findFreePort(), '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
  }
  for (const server of servers) server.close();
  expect(servers).toHaveLength(5);
});
