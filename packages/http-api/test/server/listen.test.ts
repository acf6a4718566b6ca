import { createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { runPoor, WHY_NO_POOR_HOST, WITHOUT_PORTS } from '@vmgrid/test-support/hosts/poor-host.ts';
import { testUnless } from '@vmgrid/test-support/jest/test-unless.ts';
import { listen } from '../../src/server/listen.ts';

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
    message: expect.stringMatching(`^node .*\\(process ${process.pid}\\) listens on 127.0.0.1:${port}$`),
    details: { host: '127.0.0.1', port, pid: process.pid },
  });
  expect(second.listenerCount('error')).toBe(0);
  first.close();
});

testUnless(WHY_NO_POOR_HOST)(
  'on a host without a free port that is the error, for an endpoint and for a simulated guest',
  () => {
    const printed = runPoor(
      WITHOUT_PORTS,
      `const { createServer } = await import('node:net');
     const { listen } = await import('./packages/http-api/src/server/listen.ts');
     const { openSshPort } = await import('./packages/lines/src/simulated/ssh-port.ts');
     const told = (work) => work.then(() => 'done', ({ code }) => code);
     console.log(await told(listen(createServer(), '127.0.0.1', 0)), await told(openSshPort(0)));`,
    );
    expect(printed).toBe('HOST_PORTS_FULL HOST_PORTS_FULL\n');
  },
  30_000,
);
