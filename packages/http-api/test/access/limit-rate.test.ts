/** Requests a minute, counted at a real endpoint of the loopback. */
import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createLog } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import { UNREAD_AUDIT } from '@vmgrid/test-support/grids/audit-sinks.ts';
import { Router } from 'express';
import { createHttpApp, guard, listen, sendJson } from '../../src/index.ts';

let server: Server;
let url: string;

beforeEach(async () => {
  const router = Router();
  router.get('/vms', guard('vm.list'), (request, response) => sendJson(request, response, { vms: [] }));
  const authenticate = (token?: string) => {
    if (!token?.startsWith('good-')) throw new GridError('UNAUTHENTICATED', 'who?');
    return { owner: 'ada', roles: ['user' as const], credential: token };
  };
  const app = createHttpApp(
    { routers: [router], readiness: () => ({ status: 'ready' }) },
    {
      ...{ host: '127.0.0.1', requestsPerMinute: 2, authenticator: { authenticate }, log: createLog('test', 'silent') },
      audit: UNREAD_AUDIT,
    },
  );
  server = createServer(app);
  url = `http://127.0.0.1:${await listen(server, '127.0.0.1', 0)}/v1/vms`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function ask(token: string): Promise<{ readonly status: number; readonly body: { readonly error?: object } }> {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  return { status: response.status, body: (await response.json()) as object };
}
const statusOf = async (token: string): Promise<number> => (await ask(token)).status;

test('users of one machine are told apart by the tokens that hold; whoever has none shares what its address has', async () => {
  expect([await statusOf('good-1'), await statusOf('good-1'), await statusOf('good-1')]).toEqual([200, 200, 429]);
  expect([await statusOf('bad-1'), await statusOf('bad-2'), await statusOf('bad-3')]).toEqual([401, 401, 429]);
  expect(await statusOf('good-2')).toBe(200);
});

test('the refusal has its own code, what was asked and the limit', async () => {
  for (const _ of [1, 2]) await ask('good-1');
  expect((await ask('good-1')).body.error).toMatchObject({ code: 'RATE_LIMITED', details: { used: 3, limit: 2 } });
});
