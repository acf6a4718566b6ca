import type { Server } from 'node:http';
import { createServer } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { listen, sendError } from '@vmgrid/http-api';
import { type CreateRequest, type ExplainReply, GridError, ShopClient } from '@vmgrid/protocol';
import { encodeXmlRequest } from '@vmgrid/protocol/xml';
import express from 'express';
import { vmRoutes } from '../src/http/vm-routes.ts';
import type { Shop } from '../src/shop.ts';

const request: CreateRequest = {
  machine: { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2048 },
  dag: { actions: [{ kind: 'script', id: 'a', script: 'true' }] },
};
const asked: { machine: unknown; dag: unknown; top: number }[] = [];
const reply: ExplainReply = { plants: [], silentPlants: ['plant-1'] };

let server: Server;
let url: string;

beforeAll(async () => {
  const shop = {
    explain: async ({ machine, dag }: CreateRequest, top: number) => {
      asked.push({ machine, dag, top });
      return reply;
    },
  };
  const app = express();
  app.use((_request, response, next) => {
    response.locals.principal = { owner: 'ada', roles: ['user'], credential: 'test' };
    next();
  });
  app.use(express.raw({ type: () => true }));
  app.use('/v1', vmRoutes(shop as unknown as Shop));
  app.use(((error, incoming, response, _next) =>
    sendError(incoming, response, GridError.from(error))) as express.ErrorRequestHandler);
  server = createServer(app);
  url = `http://127.0.0.1:${await listen(server, '127.0.0.1', 0)}`;
});
afterAll(() => {
  server.close();
});

test('an explanation is asked for in JSON with the number of images to name', async () => {
  expect(await new ShopClient(url).explain(request, 3)).toEqual(reply);
  expect(asked.pop()).toMatchObject({ ...request, top: 3 });
});

test.each(['create', 'estimate'] as const)('an explanation takes a <%s> document in XML', async (verb) => {
  const body = encodeXmlRequest({ verb, body: request });
  const headers = { 'content-type': 'application/xml', accept: 'application/json' };
  const response = await fetch(`${url}/v1/explanations`, { method: 'POST', headers, body });
  expect([response.status, await response.json()]).toEqual([200, reply]);
  expect(asked.pop()).toMatchObject({ ...request, top: 5 });
});

test.each(['0', 'many', '1001'])('a top of %s is refused', async (top) => {
  const refused = new ShopClient(url).explain(request, Number(top));
  await expect(refused).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
});
