/** A change is noted before it begins. */
import type { Server } from 'node:http';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { AuditNote, AuditTrail } from '@vmgrid/access';
import { createLog } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import { auditInto } from '@vmgrid/test-support/grids/audit-sinks.ts';
import { Router } from 'express';
import { createHttpApp, createHttpServer, guard, listen } from '../../src/index.ts';

let noted: AuditNote[];
let done: string[];
let written: AuditTrail['written'];
let server: Server;
let url: string;

beforeEach(async () => {
  [noted, done, written] = [[], [], async () => undefined];
  const router = Router();
  const doIt = (what: string) => (_request: unknown, response: { json(body: object): unknown }) => {
    done.push(what);
    response.json({});
  };
  router.post('/vms', guard('vm.create'), doIt('create'));
  router.delete('/vms', guard('vm.destroy'), doIt('destroy'));
  router.get('/vms', guard('vm.list'), doIt('list'));
  const authenticate = () => ({ owner: 'ada', roles: ['operator' as const], credential: 'ada-1' });
  const app = createHttpApp(
    { routers: [router], readiness: () => ({ status: 'ready' }) },
    {
      ...{ host: '127.0.0.1', requestsPerMinute: 100, authenticator: { authenticate } },
      ...{ audit: { ...auditInto(noted), written: () => written() }, log: createLog('test', 'silent') },
    },
  );
  server = createHttpServer(app, { requestMs: 5_000 });
  url = `http://127.0.0.1:${await listen(server, '127.0.0.1', 0)}/v1/vms`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

test('a change begins once the note of it is written, and not before', async () => {
  const disk = Promise.withResolvers<undefined>();
  written = () => disk.promise;
  const reply = fetch(url, { method: 'POST' });
  while (noted.length === 0) await new Promise((resolve) => setImmediate(resolve));
  expect([noted, done]).toEqual([[expect.objectContaining({ operation: 'vm.create', outcome: 'begun' })], []]);
  disk.resolve(undefined);
  expect([(await reply).status, done]).toEqual([200, ['create']]);
});

test('one that cannot be noted is refused, unless it takes something away', async () => {
  written = async () => new GridError('HOST_DISK_FULL', 'the disk is full');
  const statuses: number[] = [];
  for (const method of ['POST', 'DELETE', 'GET']) statuses.push((await fetch(url, { method })).status);
  expect([statuses, done]).toEqual([
    [503, 200, 200],
    ['destroy', 'list'],
  ]);
});
