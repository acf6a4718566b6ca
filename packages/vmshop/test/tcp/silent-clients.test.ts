/**
 * Clients that say nothing, or say it slowly, at both endpoints of a shop over real sockets: others are served
 * meanwhile.
 */
import { once } from 'node:events';
import type { Server as HttpServer } from 'node:http';
import { connect, type Server, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createLog, whenClosed } from '@vmgrid/daemon';
import { createHttpServer, listen } from '@vmgrid/http-api';
import { UNREAD_AUDIT } from '@vmgrid/test-support/grids/audit-sinks.ts';
import type { FileStore } from '../../src/files/file-store.ts';
import { createApp } from '../../src/http/app.ts';
import type { Shop } from '../../src/shop.ts';
import { createTcpServer } from '../../src/tcp/tcp-server.ts';

const CLIENTS = 1_000;
const shop = {
  list: async () => ({ vms: [], silentPlants: [] }),
  operationService: {},
  auctions: {},
} as unknown as Shop;
const authenticator = { authenticate: () => ({ owner: 'ada', roles: ['user' as const], credential: 'test' }) };

let servers: Server[];
let sockets: Socket[];

/** Ports of the HTTP endpoint and of the TCP endpoint, which wait so long for a request. */
async function open(requestMs: number): Promise<readonly [http: number, tcp: number]> {
  const log = createLog('test', 'silent');
  const app = createApp(shop, {
    host: '127.0.0.1',
    requestsPerMinute: 1_000_000,
    authenticator,
    audit: UNREAD_AUDIT,
    files: {} as FileStore,
    log,
  });
  const http: HttpServer = createHttpServer(app, { requestMs });
  const tcp = createTcpServer({
    ...{ admit: () => undefined, documentMs: requestMs, answer: async (document) => `<echo>${document}</echo>` },
    ownerOf: () => 'ada',
    refuse: ({ code }) => code,
  });
  servers.push(http, tcp);
  return [await listen(http, '127.0.0.1', 0), await listen(tcp, '127.0.0.1', 0)];
}

beforeEach(() => {
  servers = [];
  sockets = [];
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
});

async function client(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined); // cut off
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}
const clients = (port: number, count: number) => Promise.all(Array.from({ length: count }, () => client(port)));

const askHttp = async (port: number): Promise<string> => {
  const socket = await client(port);
  socket.write('GET /v1/vms HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  return (await text(socket)).split('\r\n', 1)[0]!;
};
const askTcp = async (port: number): Promise<string> => {
  const socket = await client(port);
  socket.end('<list/>');
  return text(socket);
};

/** Cut off amid a write is closed too. */
const closing = (socket: Socket): Promise<void> => new Promise((resolve) => whenClosed(socket.resume(), resolve));

test('a thousand connections that say nothing keep nobody out, at either endpoint', async () => {
  const [http, tcp] = await open(60_000);
  await Promise.all([clients(http, CLIENTS), clients(tcp, CLIENTS)]);
  expect([await askHttp(http), await askTcp(tcp)]).toEqual(['HTTP/1.1 200 OK', '<echo><list/></echo>']);
}, 60_000);

test('requests that trickle in keep nobody out, and are cut off in time, at either endpoint', async () => {
  const [http, tcp] = await open(1_000);
  const slow = [...(await clients(http, 200)), ...(await clients(tcp, 200))];
  for (const [index, socket] of slow.entries())
    socket.write(index < 200 ? 'GET /v1/vms HTTP/1.1\r\nX-Slow: ' : '<vmgrid>');
  const trickle = setInterval(() => {
    for (const socket of slow) if (socket.writable) socket.write('x');
  }, 100);
  expect([await askHttp(http), await askTcp(tcp)]).toEqual(['HTTP/1.1 200 OK', '<echo><list/></echo>']);
  await Promise.all(slow.map(closing));
  clearInterval(trickle);
}, 60_000);
