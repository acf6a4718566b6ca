import { createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { listen } from '../src/listen.ts';

test('for port 0 the kernel chooses, and the choice comes back', async () => {
  const server = createServer();
  const port = await listen(server, '127.0.0.1', 0);
  expect(server.address()).toMatchObject({ port, address: '127.0.0.1' });
  expect(server.listenerCount('error')).toBe(0);
  server.close();
});

test('a port that is taken is an error that names it', async () => {
  const [first, second] = [createServer(), createServer()];
  const port = await listen(first, '127.0.0.1', 0);
  await expect(listen(second, '127.0.0.1', port)).rejects.toMatchObject({
    code: 'ADDRESS_IN_USE',
    message: `another program listens on 127.0.0.1:${port}`,
    details: { host: '127.0.0.1', port },
  });
  expect(second.listenerCount('error')).toBe(0);
  first.close();
});
