import { expect, test } from '@jest/globals';
import { type CreateRequest, GridError, type ProgressEvent, ShopClient } from '@vmgrid/protocol';
import { eventText } from './event-text.ts';
import { fakeShop, json } from './fake-shop.ts';

const VM_ID = 'vm-00000000-0000-4000-8000-000000000000';
const request: CreateRequest = {
  requestId: 'r-1',
  machine: { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2048 },
  dag: { actions: [] },
};
const vm = { VmId: VM_ID, State: 'running' };

test('each method asks at its address', async () => {
  await using shop = await fakeShop((response, { url, method }) => {
    if (method === 'DELETE' && url?.startsWith('/v1/images')) response.writeHead(204).end();
    else if (url === '/v1/plants') json(response, 200, { plants: [], brokers: [], silentPlants: [] });
    else if (url === '/v1/images') json(response, 200, { images: [], silentPlants: [] });
    else if (method === 'GET' && (url === '/v1/vms' || url?.startsWith('/v1/vms?')))
      json(response, 200, { vms: [], silentPlants: [] });
    else json(response, 200, { requestId: 'r-1', vm });
  });
  const client = new ShopClient(`${shop.url}/`);
  await client.create(request, { idempotencyKey: 'k-1' });
  await client.query({ vmId: VM_ID });
  await client.query({ vmId: VM_ID, attributes: ['State', 'Address'] });
  await client.list();
  await client.list({ constraint: 'Cpus > 1 && Os == "a&b"' });
  await client.configure({ vmId: VM_ID, scope: 'whole', dag: { actions: [] } });
  await client.destroy(VM_ID);
  await client.plants();
  await client.images();
  await client.removeImage('base-1');
  expect(shop.asked.map(({ method, url, body }) => `${method} ${url} ${body}`)).toEqual([
    `POST /v1/vms ${JSON.stringify(request)}`,
    `GET /v1/vms/${VM_ID} `,
    `GET /v1/vms/${VM_ID}?attributes=State%2CAddress `,
    'GET /v1/vms ',
    'GET /v1/vms?constraint=Cpus+%3E+1+%26%26+Os+%3D%3D+%22a%26b%22 ',
    `POST /v1/vms/${VM_ID}/configure {"scope":"whole","dag":{"actions":[]}}`,
    `DELETE /v1/vms/${VM_ID} `,
    'GET /v1/plants ',
    'GET /v1/images ',
    'DELETE /v1/images/base-1 ',
  ]);
  expect(shop.asked[0]?.headers).toMatchObject({ 'idempotency-key': 'k-1', 'content-type': 'application/json' });
});

test('submitted work asks for 202 and returns the request id', async () => {
  await using shop = await fakeShop((response) =>
    json(response, 202, { requestId: 'r-1', verb: 'create', state: 'running', progress: [] }),
  );
  await expect(new ShopClient(shop.url).submitCreate(request)).resolves.toMatchObject({ requestId: 'r-1' });
  expect(shop.asked[0]?.headers.prefer).toBe('respond-async');
});

test('the error that the shop answers is rebuilt', async () => {
  const refusal = new GridError('NO_BIDS', 'all 3 plants declined', { declines: 3 });
  await using shop = await fakeShop((response) => json(response, 503, { error: refusal.toBody(), requestId: 'r-1' }));
  const error = await new ShopClient(shop.url).create(request).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(GridError);
  expect(error).toMatchObject({ code: 'NO_BIDS', message: 'all 3 plants declined', details: { declines: 3 } });
});

test('a shop that nobody runs is SHOP_UNREACHABLE with the reason', async () => {
  const shop = await fakeShop(() => undefined);
  await shop[Symbol.asyncDispose]();
  await expect(new ShopClient(shop.url).plants()).rejects.toMatchObject({
    code: 'SHOP_UNREACHABLE',
    details: { url: shop.url, reason: 'ECONNREFUSED' },
  });
});

test.each([
  [200, 'LINK_PROTOCOL'],
  [404, 'LINK_PROTOCOL'],
  [502, 'SHOP_UNREACHABLE'],
])('a page of another server with status %d is %s', async (status, code) => {
  await using shop = await fakeShop((response) => response.writeHead(status).end('<html>hello</html>'));
  await expect(new ShopClient(shop.url).plants()).rejects.toMatchObject({ code });
});

test('a shop that does not answer in time is DEADLINE_EXCEEDED', async () => {
  await using shop = await fakeShop(() => undefined);
  await expect(new ShopClient(shop.url).plants({ deadlineMs: 30 })).rejects.toMatchObject({
    code: 'DEADLINE_EXCEEDED',
  });
});

test('a reply that stops half-way is DEADLINE_EXCEEDED too', async () => {
  await using shop = await fakeShop((response) => response.writeHead(200).write('{'));
  await expect(new ShopClient(shop.url).plants({ deadlineMs: 100 })).rejects.toMatchObject({
    code: 'DEADLINE_EXCEEDED',
  });
});

test('an aborted call is CANCELLED, and the shop sees the connection end', async () => {
  const ended = Promise.withResolvers<void>();
  const abort = new AbortController();
  await using shop = await fakeShop((response) => {
    response.on('close', ended.resolve);
    abort.abort();
  });
  await expect(new ShopClient(shop.url).create(request, { signal: abort.signal })).rejects.toMatchObject({
    code: 'CANCELLED',
  });
  await ended.promise;
});

test('the address of the VM is escaped', async () => {
  await using shop = await fakeShop((response) => json(response, 200, { vm }));
  await new ShopClient(shop.url).destroy('../plants?x');
  expect(shop.asked[0]?.url).toBe('/v1/vms/..%2Fplants%3Fx');
});

test('an XML request is sent and its reply handed back, also an error', async () => {
  await using shop = await fakeShop((response) => response.writeHead(400).end('<vmgrid version="1"/>'));
  await expect(new ShopClient(shop.url).sendXml('<vmgrid/>')).resolves.toBe('<vmgrid version="1"/>');
  expect(shop.asked[0]).toMatchObject({ method: 'POST', url: '/v1/request', body: '<vmgrid/>' });
});

const progress = (phase: string): ProgressEvent => ({
  requestId: 'r-1',
  at: '2026-11-21T04:00:00.000Z',
  phase,
  state: 'done',
});

test('progress comes as it happens and ends with the request', async () => {
  const phases = ['auction', 'restore'];
  await using shop = await fakeShop((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(':\n\n');
    for (const phase of phases) {
      response.write(eventText({ event: 'progress', data: JSON.stringify(progress(phase), null, 1) }));
    }
    response.write(eventText({ event: 'end', data: '{}' }));
  });
  const seen: ProgressEvent[] = [];
  for await (const event of new ShopClient(shop.url).events('r-1')) seen.push(event);
  expect(seen).toEqual(phases.map(progress));
  expect(shop.asked[0]?.url).toBe('/v1/requests/r-1/events');
});

test('a reader that stops early closes the stream', async () => {
  const ended = Promise.withResolvers<void>();
  await using shop = await fakeShop((response) => {
    response.on('close', ended.resolve);
    response.writeHead(200);
    response.write(eventText({ event: 'progress', data: JSON.stringify(progress('boot')) }));
  });
  for await (const { phase } of new ShopClient(shop.url).events('r-1')) {
    expect(phase).toBe('boot');
    break;
  }
  await ended.promise;
});

test.each([
  ['not JSON', '{'],
  ['of the wrong shape', '{"phase":1}'],
])('an event that is %s is LINK_PROTOCOL', async (_, data) => {
  await using shop = await fakeShop((response) => response.writeHead(200).end(eventText({ event: 'progress', data })));
  await expect(new ShopClient(shop.url).events('r-1').next()).rejects.toMatchObject({ code: 'LINK_PROTOCOL' });
});

test('events of an unknown request are REQUEST_UNKNOWN', async () => {
  const refusal = new GridError('REQUEST_UNKNOWN', 'no request r-1');
  await using shop = await fakeShop((response) => json(response, 404, { error: refusal.toBody() }));
  await expect(new ShopClient(shop.url).events('r-1').next()).rejects.toMatchObject({ code: 'REQUEST_UNKNOWN' });
});

test('a shop that dies in the middle of the events is SHOP_UNREACHABLE', async () => {
  await using shop = await fakeShop((response) => {
    response.writeHead(200);
    response.write(eventText({ event: 'progress', data: JSON.stringify(progress('boot')) }), () => response.destroy());
  });
  const events = new ShopClient(shop.url).events('r-1');
  await events.next();
  await expect(events.next()).rejects.toMatchObject({ code: 'SHOP_UNREACHABLE' });
});

test('a list is asked for page by page, unless one page is wanted', async () => {
  await using shop = await fakeShop((response, { url = '' }) => {
    const page = Number(new URL(url, 'http://shop').searchParams.get('cursor') ?? 0);
    const next = page < 2 ? { next: String(page + 1) } : {};
    json(response, 200, { vms: [{ VmId: `vm-${page}` }], silentPlants: ['plant-1'], ...next });
  });
  const client = new ShopClient(shop.url);
  const vms = [{ VmId: 'vm-0' }, { VmId: 'vm-1' }, { VmId: 'vm-2' }];
  expect(await client.list({ constraint: 'true' })).toEqual({ vms, silentPlants: ['plant-1'] });
  expect(await client.list({ limit: 1 })).toMatchObject({ vms: [{ VmId: 'vm-0' }], next: '1' });
  expect(shop.asked.map(({ url }) => url)).toEqual([
    ...['/v1/vms?constraint=true', '/v1/vms?constraint=true&cursor=1', '/v1/vms?constraint=true&cursor=2'],
    '/v1/vms?limit=1',
  ]);
});
