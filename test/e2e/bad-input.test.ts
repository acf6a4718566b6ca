/** Bad input at every endpoint: each gets a reply with its own code, leaves no trace, and the shop goes on serving. */
import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ErrorBody, type ErrorCode, GridError, parseJson, REQUEST_LIMITS } from '@vmgrid/protocol';
import { decodeXmlReply } from '@vmgrid/protocol/xml';
import {
  simulatedXml as createXml,
  host,
  SIMULATED_MACHINE as MACHINE,
  simulatedOrder as order,
} from '@vmgrid/test-support/grids/documents.ts';
import {
  type HttpAnswer,
  http,
  JSON_BODY,
  postJson,
  postXml,
  tcp,
  XML_BODY,
} from '@vmgrid/test-support/grids/shop-endpoints.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';

const INVALID = join(import.meta.dirname, '../../schemas/examples/invalid');
const SOME_VM = 'vm-0b8e6c1a-52c9-4a8e-9d3a-6a1f0c2d4e5f';
/** Not so much that a busy host takes longer to send it than a request may take to come. */
const TOO_LARGE = Buffer.alloc(2 * REQUEST_LIMITS.bodyBytes, ' ');

let grid: TestGrid;
/** A client that sent half a document and fell silent: it must be in nobody's way, all the time. */
let silent: Socket;
beforeAll(async () => {
  grid = await TestGrid.open('bad-input', { line: 'simulated', plants: 2 });
  silent = connect(grid.xmlPort, '127.0.0.1');
  silent.write(`${grid.token}\n<vmgrid version="1"><create>`);
}, OPEN_GRID_MS);
afterAll(() => void silent?.destroy());
afterAll(async () => expect((await grid?.close()) ?? []).toEqual([]), 60_000);

const examples = (ending: string) =>
  readdirSync(INVALID)
    .filter((name) => name.endsWith(ending))
    .map((name) => [name, name.split('.').at(-2) as ErrorCode] as const);
const read = (name: string) => readFileSync(join(INVALID, name));
const statusOf = (code: string) => new GridError(code as ErrorCode, '').kind.status;

/** Returns the error that a client of the HTTP endpoint gets, in any medium. */
function errorOf(answer: HttpAnswer): ErrorBody {
  const error = answer.json?.error ?? (decodeXmlReply(answer.text).body as { error: ErrorBody }).error;
  expect(error.remedy).not.toBe('');
  expect(answer.status).toBe(statusOf(error.code));
  return error;
}
const errorOfTcp = (text: string) => (decodeXmlReply(text).body as { error: ErrorBody }).error;

test.each(examples('.xml'))('%s over HTTP', async (name, code) => {
  const answer = await postXml(grid, `/v1/request`, read(name) as never);
  expect(answer.headers.get('content-type')).toMatch('application/xml');
  expect(errorOf(answer).code).toBe(code);
});

test.each(examples('.xml'))('%s over TCP', async (name, code) => {
  expect(errorOfTcp(await tcp(grid, read(name))).code).toBe(code);
});

/** How a JSON client sends each kind of message; what the address says is not in the body. */
function send(name: string): Promise<HttpAnswer> {
  const text = read(name).toString('utf8');
  const document = () => parseJson(text) as Record<string, string> & { attributes?: string[] };
  const url = (path: string) => `/v1${path}`;
  switch (name.split(/[-.]/)[0]) {
    case 'create':
      return postJson(grid, url('/vms'), text);
    case 'estimate':
      return postJson(grid, url('/estimates'), text);
    case 'build':
      return postJson(grid, url('/images'), text);
    case 'configure':
      return postJson(grid, url(`/vms/${document().vmId ?? 'vm-none'}/configure`), text);
    case 'destroy':
      return http(grid, url(`/vms/${encodeURIComponent(document().vmId!)}`), { method: 'DELETE' });
    case 'list':
      return http(grid, url(`/vms?constraint=${encodeURIComponent(document().constraint!)}`), { method: 'GET' });
    case 'query':
      return http(grid, url(`/vms/${document().vmId}?attributes=${document().attributes}`), { method: 'GET' });
    default:
      throw new Error(`no address takes ${name}`);
  }
}

test.each(examples('.json'))('%s over HTTP', async (name, code) => {
  expect(errorOf(await send(name)).code).toBe(code);
});

test('a body of twice what endpoints take is BODY_TOO_LARGE in JSON, in XML and over TCP', async () => {
  for (const headers of [JSON_BODY, XML_BODY]) {
    const answer = await http(grid, `/v1/vms`, { ...headers, body: TOO_LARGE });
    expect([answer.status, errorOf(answer).code]).toEqual([413, 'BODY_TOO_LARGE']);
  }
  expect(errorOfTcp(await tcp(grid, TOO_LARGE))).toMatchObject({ code: 'BODY_TOO_LARGE' });
}, 60_000);

test('a request cut off at the TCP endpoint gets its answer; one whose client vanishes harms nobody', async () => {
  const half = createXml().slice(0, 80);
  expect(errorOfTcp(await tcp(grid, half)).code).toBe('REQUEST_MALFORMED');
  expect(errorOfTcp(await tcp(grid, '')).code).toBe('REQUEST_MALFORMED');
  await new Promise<void>((resolve) => {
    const socket = connect(grid.xmlPort, '127.0.0.1');
    socket.write(`${grid.token}\n${half}`, () => {
      socket.resetAndDestroy();
      resolve();
    });
  });
});

test.each([
  ['a wrong media type', 'POST', '/v1/vms', { 'content-type': 'text/plain', body: '{}' }, 'MEDIA_TYPE_UNSUPPORTED'],
  ['no media type', 'POST', '/v1/estimates', { 'content-type': '', body: '{}' }, 'MEDIA_TYPE_UNSUPPORTED'],
  ['XML where only JSON is taken', 'POST', '/v1/images', { ...XML_BODY, body: '<x/>' }, 'MEDIA_TYPE_UNSUPPORTED'],
  [
    'an unknown encoding',
    'POST',
    '/v1/vms',
    { ...JSON_BODY, 'content-encoding': 'x', body: '{}' },
    'MEDIA_TYPE_UNSUPPORTED',
  ],
  ['a media type nobody can give', 'GET', '/v1/vms', { accept: 'image/png' }, 'NOT_ACCEPTABLE'],
  ['an unknown address', 'GET', '/v1/nothing', {}, 'ROUTE_UNKNOWN'],
  ['an address outside of /v1', 'POST', '/', {}, 'ROUTE_UNKNOWN'],
  ['percent signs that encode nothing', 'GET', '/v1/vms/%E0%A4%A', {}, 'REQUEST_MALFORMED'],
  ['a VM id that is none', 'GET', '/v1/vms/none', {}, 'REQUEST_INVALID'],
  ['a request nobody sent', 'GET', '/v1/requests/unheard-of', {}, 'REQUEST_UNKNOWN'],
  ['events of a request nobody sent', 'GET', '/v1/requests/unheard-of/events', {}, 'REQUEST_UNKNOWN'],
  ['an image nobody has', 'GET', '/v1/images/none', {}, 'IMAGE_UNKNOWN'],
  ['to remove an image nobody has', 'DELETE', '/v1/images/none', {}, 'IMAGE_UNKNOWN'],
  ['a constraint given twice', 'GET', '/v1/vms?constraint=a&constraint=b', {}, 'REQUEST_INVALID'],
  [
    'a JSON body that is not UTF-8',
    'POST',
    '/v1/vms',
    { ...JSON_BODY, body: Buffer.from([0x22, 0xff, 0x22]) },
    'REQUEST_MALFORMED',
  ],
  [
    'a verb at the address of another',
    'POST',
    '/v1/vms',
    { ...XML_BODY, body: '<vmgrid version="1"><list/></vmgrid>' },
    'REQUEST_INVALID',
  ],
] as const)('%s', async (_what, method, path, options, code) => {
  expect(errorOf(await http(grid, path, { method, ...options } as never)).code).toBe(code);
});

test.each([
  ['PUT', '/v1/vms', 'GET, HEAD, POST'],
  ['POST', `/v1/vms/${SOME_VM}`, 'DELETE, GET, HEAD'],
  ['DELETE', '/v1/plants', 'GET, HEAD'],
])('%s %s is METHOD_NOT_ALLOWED; the address takes %s', async (method, path, allowed) => {
  const answer = await http(grid, path, { method, ...JSON_BODY, body: '{}' });
  expect([errorOf(answer).code, answer.headers.get('allow')]).toEqual(['METHOD_NOT_ALLOWED', allowed]);
});

/** The decline of every plant, by create. */
async function declines(request: object): Promise<unknown[]> {
  const error = errorOf(await postJson(grid, `/v1/vms`, request));
  expect(error).toMatchObject({ code: 'NO_BIDS', retryable: true, details: { trail: { awards: [] } } });
  const { declines } = error.details as { declines: { plantId: string }[] };
  expect(declines.map(({ plantId }) => plantId).sort()).toEqual(['plant-1', 'plant-2']);
  return declines;
}

test('more memory than any plant has is NO_BIDS naming MEMORY_INSUFFICIENT with its numbers', async () => {
  const wanted = { code: 'MEMORY_INSUFFICIENT', details: { wanted: 1_000_000, available: 4_096, lacking: 995_904 } };
  expect(await declines(order([], { machine: { ...MACHINE, memoryMiB: 1_000_000 } }))).toMatchObject([wanted, wanted]);
  const answer = await postJson(grid, `/v1/vms`, order([], { machine: { ...MACHINE, memoryMiB: 1_000_000 } }));
  expect(answer.json.error.message).toMatch(/2 MEMORY_INSUFFICIENT .*wants 1000000 MiB of memory/);
});

test.each([
  ['CPUS_INSUFFICIENT', { machine: { ...MACHINE, cpus: 1_024 } }],
  ['DISK_INSUFFICIENT', { machine: { ...MACHINE, diskMiB: 1_000_000_000 } }],
  ['NO_IMAGE', { machine: { ...MACHINE, os: 'plan-9' } }],
  ['NO_IMAGE', { machine: { ...MACHINE, diskMiB: 64 } }],
  ['LINE_UNAVAILABLE', { machine: { ...MACHINE, line: 'uml' } }],
  ['HOST_ACTION_UNKNOWN', { dag: { actions: [host('dns', 'register-dns')] } }],
  ['HOST_ACTION_UNKNOWN', { destruction: { actions: [host('bye', 'unregister-dns')] } }],
])('%s is a decline of every plant', async (code, more) => {
  expect(await declines(order([], more))).toMatchObject([{ code }, { code }]);
});

test('a host action cannot be named by a path', async () => {
  const answer = await postJson(grid, `/v1/vms`, order([host('shell', '../../../bin/sh', '-c', 'id')]));
  expect(errorOf(answer).code).toBe('REQUEST_INVALID');
});

test('requirements nobody meets are NO_PLANT_MATCHES, with what each plant has', async () => {
  const error = errorOf(await postJson(grid, `/v1/vms`, order([], { requirements: 'TARGET.FreeMemoryMiB >= 100000' })));
  expect(error.code).toBe('NO_PLANT_MATCHES');
  expect(error.message).toMatch(/TARGET.FreeMemoryMiB.* 4096/);
  expect(error.details).toMatchObject({ removed: [{ rule: 'requirements' }, { rule: 'requirements' }] });
});

test('an expression that would run for ever is bounded', async () => {
  const nested = `${'('.repeat(2_000)}1${')'.repeat(2_000)}`;
  const answer = await postJson(grid, `/v1/vms`, order([], { requirements: `${nested} == 2` }));
  expect(errorOf(answer).code).toMatch(/^(EXPRESSION_INVALID|NO_PLANT_MATCHES)$/);
});

test('after all that no machine was made, nothing was at fault in the shop, and it serves', async () => {
  expect((await grid.client.list()).vms).toEqual([]);
  expect(await grid.leftovers()).toEqual([]);
  const logs = await Promise.all(['shop', 'plant-1', 'plant-2'].map((name) => grid.logOf(name)));
  expect(logs.filter((log) => /"level":(50|60)|INTERNAL/.test(log))).toEqual([]);
  const ready = await http(grid, `/health/ready`, { method: 'GET' });
  expect(ready.json).toEqual({ status: 'ready', plants: 2 });
  expect((await grid.client.create(order())).vm.State).toBe('running');
  await expect(grid.client.destroy(SOME_VM)).rejects.toMatchObject({ code: 'VM_UNKNOWN' });
}, 60_000);
