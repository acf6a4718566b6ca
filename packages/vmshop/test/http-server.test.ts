/** The HTTP endpoint over real sockets: whose requests it takes, and how it refuses what is no request. */
import { once } from 'node:events';
import { type IncomingMessage, request, type Server } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { AuditNote, AuditTrail, Authenticator } from '@vmgrid/access';
import { createLog } from '@vmgrid/daemon';
import { createHttpServer, listen } from '@vmgrid/http-api';
import { type AuditEntry, type AuditReply, GridError } from '@vmgrid/protocol';
import { auditInto } from '@vmgrid/test-support/grids/audit-sinks.ts';
import { admitted } from '../src/document-audit.ts';
import type { FileStore } from '../src/files/file-store.ts';
import { createApp, type ShopAppOptions } from '../src/http/app.ts';
import type { Shop } from '../src/shop.ts';

const LIST = '<vmgrid version="1"><list/></vmgrid>';
/** The oldest first, as a plant has them; two are of the same millisecond. */
const RECORDED = [1, 2, 2, 3].map((at, id) => ({ at, id }));
const shop = {
  list: async () => ({ vms: [], silentPlants: [] }),
  plants: () => ({ plants: [], brokers: [], silentPlants: [] }),
  recordedRequests: async () => [...RECORDED],
  plantCount: 0,
  operationService: { draining: false },
  auctions: { list: () => ({ auctions: [] }) },
} as unknown as Shop;

/** What it was asked to suspend, and destroy. */
const bare: object[] = [];
for (const verb of ['suspend', 'destroy'] as const) {
  shop[verb] = ({ caller: _, ...request }) => {
    bare.push({ verb, ...request });
    throw new GridError('VM_UNKNOWN', 'no such VM');
  };
}

const noted: AuditNote[] = [];
const ENTRIES = [5, 4, 3, 2, 1].map((sequence) => ({ sequence }) as AuditEntry);
const audit: AuditTrail = {
  ...auditInto(noted),
  list: async ({ before = Infinity, most = 100 }) => ({
    entries: ENTRIES.filter(({ sequence }) => sequence < before).slice(0, most),
  }),
};
const authenticator = {
  authenticate: (token) => {
    if (token === 'stranger') throw new GridError('UNAUTHENTICATED', 'who?');
    if (token === 'hasty') throw new GridError('QUOTA_REQUESTS', 'too many', { owner: 'hasty' });
    return { owner: token === 'small' ? 'small' : 'ada', roles: ['operator'], credential: 'test' };
  },
} satisfies Authenticator;

const OPTIONS: ShopAppOptions = {
  host: '127.0.0.1',
  requestsPerMinute: 1_000,
  authenticator,
  bodyQuota: (owner) => (owner === 'small' ? LIST.length - 1 : undefined),
  audit,
  files: {
    put: async ({ expected }) => {
      throw new GridError('FILE_CORRUPT', 'another content', { expected });
    },
  } as Pick<FileStore, 'put'> as FileStore,
  log: createLog('test', 'silent'),
};

let server: Server;
let port: number;

beforeAll(async () => {
  const app = createApp(shop, OPTIONS);
  server = createHttpServer(app, { requestMs: 500 });
  port = await listen(server, '127.0.0.1', 0);
});
afterAll(async () => {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
});

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** Sends bytes as they are and reads until the server ends the connection. */
async function send(...parts: (string | Uint8Array)[]): Promise<Answer> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  for (const part of parts) socket.write(part);
  const answer = await text(socket);
  const [head = '', body = ''] = answer.split('\r\n\r\n', 2);
  return {
    status: Number(head.split(' ')[1]),
    type: /^content-type: ([^;\r]*)/im.exec(head)?.[1] ?? '',
    body,
  };
}

const head = (line: string, headers: Record<string, string | number>): string => {
  const all = { Host: 'localhost', Connection: 'close', ...headers };
  return `${line} HTTP/1.1\r\n${Object.entries(all)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`;
};
const post = (headers: Record<string, string>, body: string | Uint8Array = LIST): Promise<Answer> =>
  send(head('POST /v1/request', { ...headers, 'Content-Length': body.length }), body);
const codeOf = ({ body }: Answer): unknown => JSON.parse(body).error.code;

test('an endpoint behind a reverse proxy has the names that are allowed, and believes listed proxies alone', async () => {
  const from = async (options: Partial<Parameters<typeof createApp>[1]>) => {
    const app = createApp(shop, { ...OPTIONS, allowedHosts: ['Grid.example.org'], ...options });
    const behind = createHttpServer(app, { requestMs: 500 });
    const behindPort = await listen(behind, '127.0.0.1', 0);
    noted.splice(0);
    const headers = { host: 'grid.example.org:8443', 'x-forwarded-for': '192.0.2.7', connection: 'close' };
    const { statusCode } = await new Promise<IncomingMessage>((resolve, reject) => {
      request({ port: behindPort, path: '/v1/vms', headers }, (answer) => resolve(answer.resume()))
        .once('error', reject)
        .end();
    });
    await new Promise((resolve) => behind.close(resolve));
    return [statusCode, noted[0]?.from];
  };
  expect(await from({})).toEqual([200, '127.0.0.1']);
  expect(await from({ trustedProxies: ['127.0.0.0/8'] })).toEqual([200, '192.0.2.7']);
  expect(await from({ allowedHosts: [] })).toEqual([421, undefined]);
});

test('what is no address of a proxy is CONFIG_INVALID', () => {
  const open = () => createApp(shop, { ...OPTIONS, trustedProxies: ['10.0.0.0/99'] });
  expect(open).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
});

test.each([
  ['/v1/vms?constrain=true', 400, 'the query parameter "constrain" is not known; did you mean constraint?'],
  ['/v1/plants?colour=red', 400, 'the query parameter "colour" is not known; known are limit, cursor'],
  ['/v1/auctions?x=1', 400, 'the query parameter "x" is not known; known are request, limit, cursor'],
  ['/v1/vms?constraint=true&constraint=true', 400, 'the query parameter "constraint" may come once'],
  ['/v1/vms?constraint=a%00', 400, 'the query parameter "constraint" has U+0000 as character 2'],
  ['/v1/vms?limit=', 400, 'the query parameter "limit" is "", but must be a whole number in digits'],
  ['/v1/vms?limit=1e2', 400, 'the query parameter "limit" is "1e2", but must be a whole number in digits'],
  ['/v1/vms?limit=0x10', 400, 'the query parameter "limit" is "0x10", but must be a whole number in digits'],
  ['/v1/audit?before=now', 400, 'the query parameter "before" is "now", but must be a whole number in digits'],
  ['/v1/audit?most=%201', 400, 'the query parameter "most" is " 1", but must be a whole number in digits'],
  ['/v1/vms?constraint=%ff', 400, 'the address is not valid percent-encoding'],
])('%s is refused with %i', async (address, status, message) => {
  const answer = await send(head(`GET ${address}`, {}));
  expect({ ...answer, body: JSON.parse(answer.body).error.message }).toMatchObject({ status, body: message });
});

const VM = 'vm-00000000-0000-4000-8000-000000000000';
const JSON_TYPE = { 'Content-Type': 'application/json' };
test.each([
  ['POST', 'suspend', '/suspend', JSON_TYPE, '{ "requestId": "asked" }'],
  [
    'DELETE',
    'destroy',
    '',
    { 'Content-Type': 'text/xml' },
    `<vmgrid version="1"><destroy requestId="asked"/></vmgrid>`,
  ],
  ['POST', 'suspend', '/suspend', { 'Idempotency-Key': 'asked' }, ''],
])('%s: the request id of a body counts where a body may be left out', async (method, verb, path, headers, body) => {
  bare.splice(0);
  const line = head(`${method} /v1/vms/${VM}${path}`, { ...headers, 'Content-Length': body.length });
  expect((await send(line, body)).status).toBe(404);
  expect(bare).toEqual([{ verb, vmId: VM, requestId: 'asked' }]);
});

test.each([
  ['{ "force": true }', JSON_TYPE, 'REQUEST_INVALID'],
  ['force', JSON_TYPE, 'REQUEST_MALFORMED'],
  ['force=true', { 'Content-Type': 'application/x-www-form-urlencoded' }, 'MEDIA_TYPE_UNSUPPORTED'],
])('a body %s to destroy a VM is not passed over', async (body, headers, code) => {
  bare.splice(0);
  const line = head(`DELETE /v1/vms/${VM}`, { ...headers, 'Content-Length': body.length });
  expect(codeOf(await send(line, body))).toBe(code);
  expect(bare).toEqual([]);
});

test('what may be done at an address includes HEAD', async () => {
  const answer = await send(head('PUT /v1/vms', {}));
  expect(JSON.parse(answer.body).error).toMatchObject({ details: { allowed: ['GET', 'HEAD', 'POST'] } });
});

const HASH = 'ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=';
test.each([
  ['an encoded content', { 'Content-Encoding': 'gzip' }, 'MEDIA_TYPE_UNSUPPORTED'],
  ['a part of a content', { 'Content-Range': 'bytes 0-2/9' }, 'REQUEST_INVALID'],
  ['a content whose client accepts no JSON', { Accept: 'text/plain' }, 'NOT_ACCEPTABLE'],
  ['a digest that nobody can check', { 'Content-Digest': 'sha-512=:AAAA:' }, 'REQUEST_INVALID'],
  [
    'two digests',
    { 'Repr-Digest': `sha-256=:${HASH}:`, 'Content-Digest': `sha-256=:${HASH.toLowerCase()}:` },
    'REQUEST_INVALID',
  ],
  [
    'another content than announced',
    { 'Content-Digest': `md5=:AAAA:, sha-256=:${HASH.toLowerCase()}:` },
    'FILE_CORRUPT',
  ],
])('%s is no upload', async (_, headers, code) => {
  const all = { 'Content-Type': 'application/octet-stream', 'Content-Length': 3, ...headers };
  expect(codeOf(await send(head('PUT /v1/files', all), 'abc'))).toBe(code);
});

test('what a plant remembers comes whole, or in pages that a header leads through', async () => {
  const get = (address: string) => fetch(new URL(address, `http://127.0.0.1:${port}`));
  const first = `/v1/plants/plant-1/requests?pseudonymKey=${'0'.repeat(64)}`;
  const whole = await get(first);
  expect([whole.headers.get('link'), await whole.json()]).toEqual([null, [3, 1, 2, 0].map((id) => RECORDED[id])]);
  const told: { readonly id: number }[] = [];
  for (let address: string | undefined = `${first}&limit=1`; address !== undefined; ) {
    const page = await get(address);
    told.push(...((await page.json()) as typeof told));
    address = /^<([^>]+)>; rel="next"$/.exec(page.headers.get('link') ?? '')?.[1];
  }
  expect(told.map(({ id }) => id)).toEqual([3, 1, 2, 0]);
});

test('the audit trail comes in pages, each entry once', async () => {
  const told: number[] = [];
  let query: string | undefined = 'limit=2';
  while (query !== undefined) {
    const response = await fetch(`http://127.0.0.1:${port}/v1/audit?${query}`);
    const { entries, next } = (await response.json()) as AuditReply;
    told.push(...entries.map(({ sequence }) => sequence));
    query = next && `limit=2&cursor=${next}`;
  }
  expect(told).toEqual([5, 4, 3, 2, 1]);
});

test.each(['application/xml', 'text/xml; charset=utf-8'])('/v1/request takes %s', async (type) => {
  expect(await post({ 'Content-Type': type })).toMatchObject({ status: 200, type: 'application/xml' });
});

test.each([['text/plain'], ['application/x-www-form-urlencoded'], ['application/json'], [undefined]])(
  '/v1/request does not take %s, which a page of any site may send',
  async (type) => {
    const answer = await post(type === undefined ? {} : { 'Content-Type': type });
    expect(answer.status).toBe(415);
    expect(answer.body).toContain('code="MEDIA_TYPE_UNSUPPORTED"');
  },
);

test('a client that wants text/xml gets text/xml', async () => {
  const { type } = await post({ 'Content-Type': 'application/xml', Accept: 'text/xml' });
  expect(type).toBe('text/xml');
  expect((await send(head('GET /v1/vms', { Accept: 'text/xml' }))).type).toBe('text/xml');
});

test.each(['/v1/vms', '/v1/plants', '/health/live', '/nowhere'])('%s is not there for a foreign Host', async (path) => {
  const answer = await send(head(`GET ${path}`, { Host: `attacker.example:${port}` }));
  expect([answer.status, codeOf(answer)]).toEqual([421, 'HOST_UNKNOWN']);
});

test.each(['localhost', '127.0.0.1', 'LOCALHOST:7780', '[::1]:7780', '127.0.1.1'])('Host %s is ours', async (Host) => {
  expect((await send(head('GET /v1/vms', { Host }))).status).toBe(200);
});

test.each(['localhost.attacker.example', '127.0.0.1.attacker.example', '', 'localhost:7780@x'])(
  'Host %p is not',
  async (Host) => {
    expect((await send(head('GET /v1/vms', { Host }))).status).toBe(421);
  },
);

test.each(['gzip', 'deflate', 'br'])('plain bytes said to be %s are REQUEST_MALFORMED', async (encoding) => {
  const answer = await send(
    head('POST /v1/vms', {
      'Content-Type': 'application/json',
      'Content-Encoding': encoding,
      'Content-Length': 20,
    }),
    'these are no archive',
  );
  expect([answer.status, codeOf(answer)]).toEqual([400, 'REQUEST_MALFORMED']);
});

test('a compressed body that is cut short is REQUEST_MALFORMED', async () => {
  const answer = await post(
    { 'Content-Type': 'application/xml', 'Content-Encoding': 'gzip' },
    gzipSync(LIST).subarray(0, 20),
  );
  expect(answer.status).toBe(400);
  expect(answer.body).toContain('code="REQUEST_MALFORMED"');
});

test('a body that stops coming is BODY_INCOMPLETE once its time is up', async () => {
  const answer = await send(
    head('POST /v1/vms', { 'Content-Type': 'application/json', 'Content-Length': 100 }),
    '{"half',
  );
  expect([answer.status, codeOf(answer)]).toEqual([400, 'BODY_INCOMPLETE']);
});

test('headers that stop coming are BODY_INCOMPLETE too', async () => {
  expect(codeOf(await send('GET /v1/vms HTTP/1.1\r\nHost: loc'))).toBe('BODY_INCOMPLETE');
});

test('what is not HTTP is REQUEST_MALFORMED', async () => {
  const answer = await send('\x16\x03\x01 hello\r\n\r\n');
  expect([answer.status, codeOf(answer)]).toEqual([400, 'REQUEST_MALFORMED']);
});

test('headers over the limit are HEADERS_TOO_LARGE', async () => {
  const answer = await send(head('GET /v1/vms', { 'X-Long': 'x'.repeat(20_000) }));
  expect(answer.status).toBe(431);
  expect(JSON.parse(answer.body).error).toMatchObject({ code: 'HEADERS_TOO_LARGE', details: { limit: 16_384 } });
});

test.each([
  ['in one piece', { 'Content-Length': LIST.length }, LIST],
  ['in pieces', { 'Transfer-Encoding': 'chunked' }, `${LIST.length.toString(16)}\r\n${LIST}\r\n0\r\n\r\n`],
])('a document over the quota of its owner is QUOTA_BODY, %s', async (_, headers, body) => {
  const sent = { Authorization: 'Bearer small', 'Content-Type': 'application/json', ...headers };
  const answer = await send(head('POST /v1/vms', sent), body);
  const limit = LIST.length - 1;
  expect(answer.status).toBe(413);
  expect(JSON.parse(answer.body).error).toMatchObject({
    code: 'QUOTA_BODY',
    details: { owner: 'small', bytes: limit + 1, limit },
  });
});

test('a stranger is sent away at once: neither its body nor its next request is waited for', async () => {
  const headers = { Authorization: 'Bearer stranger', Connection: 'keep-alive', 'Content-Length': 1_000_000 };
  const socket = connect({ port, host: '127.0.0.1' });
  socket.write(`${head('POST /v1/vms', headers)}{`);
  const answer = await text(socket); // until the server has closed
  expect(answer).toMatch(/^HTTP\/1\.1 401 .*UNAUTHENTICATED/s);
  socket.destroy();
});

test('the audit trail names the owner whose request was one too many, at either endpoint', async () => {
  const refused = () => noted.filter(({ outcome }) => outcome === 'QUOTA_REQUESTS');
  const response = await fetch(`http://127.0.0.1:${port}/v1/vms`, { headers: { authorization: 'Bearer hasty' } });
  expect(response.status).toBe(429);
  await response.text();
  while (refused().length === 0) await new Promise((resolve) => setImmediate(resolve));
  await expect(admitted(audit, () => authenticator.authenticate('hasty'), '127.0.0.1')).rejects.toThrow('too many');
  const note = { owner: 'hasty', from: '127.0.0.1', operation: 'none', outcome: 'QUOTA_REQUESTS' };
  expect(refused()).toEqual([
    { ...note, door: 'http', target: '/v1/vms' },
    { ...note, door: 'tcp', target: '' },
  ]);
});
