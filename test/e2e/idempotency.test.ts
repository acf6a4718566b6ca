/**
 * The same request is the same work, done once: twice at a time, later, through other endpoints, and after the shop
 * forgot it.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ProgressEvent } from '@vmgrid/protocol';
import { decodeXmlReply } from '@vmgrid/protocol/xml';
import {
  simulatedXml as createXml,
  host,
  simulatedOrder as order,
  script,
} from '@vmgrid/test-support/grids/documents.ts';
import { http, JSON_BODY, postJson, postXml, tcp } from '@vmgrid/test-support/grids/shop-endpoints.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';
import { eventually } from '@vmgrid/test-support/hosts/processes.ts';

let grid: TestGrid;
beforeAll(async () => {
  grid = await TestGrid.open('idempotency', {
    line: 'simulated',
    plants: 2,
    hostActions: { 'when-ready': `#!/bin/sh\ntest -e "$1" || { echo "not ready" >&2; exit 1; }\n` },
  });
}, OPEN_GRID_MS);
afterAll(async () => expect((await grid?.close()) ?? []).toEqual([]), 60_000);

/** Asks for a VM with these headers. */
const postVm = (headers: Record<string, string>, request: object) =>
  http(grid, '/v1/vms', { ...JSON_BODY, ...headers, body: JSON.stringify(request) });

const vmsOf = async (requestId: string) =>
  (await grid.client.list({ constraint: `RequestId == "${requestId}"` })).vms.map((vm) => String(vm.VmId));

test('the same create twice at once, and again later, is one VM', async () => {
  const request = order([script('work', 'sleep 1')], { requestId: 'twice' });
  const [first, second] = await Promise.all([grid.client.create(request), grid.client.create(request)]);
  const third = await grid.client.create(request);
  expect([second.vm.VmId, third.vm.VmId]).toEqual([first.vm.VmId, first.vm.VmId]);
  expect(await vmsOf('twice')).toEqual([first.vm.VmId]);
}, 60_000);

test('the header Idempotency-Key stands for the request id', async () => {
  const [first, second] = await Promise.all([1, 2].map(() => postVm({ 'idempotency-key': 'by-header' }, order())));
  expect(first!.json.vm.RequestId).toBe('by-header');
  expect(second!.json.vm.VmId).toBe(first!.json.vm.VmId);
  const other = await postVm({ 'idempotency-key': 'yours' }, order([], { requestId: 'mine' }));
  expect([other.status, other.json.error.code]).toEqual([400, 'REQUEST_INVALID']);
}, 60_000);

test('the same document as JSON, as XML and over TCP is the same request', async () => {
  const { vm } = await grid.client.create(order([], { requestId: 'any-door' }));
  const xml = createXml('', 'requestId="any-door"');
  const overHttp = decodeXmlReply((await postXml(grid, `/v1/vms`, xml)).text);
  const overTcp = decodeXmlReply(await tcp(grid, xml));
  expect([overHttp, overTcp]).toMatchObject([{ body: { vm: { VmId: vm.VmId } } }, { body: { vm: { VmId: vm.VmId } } }]);
}, 60_000);

test('another document under the same request id is IDEMPOTENCY_CONFLICT and makes nothing', async () => {
  await grid.client.create(order([], { requestId: 'conflict' }));
  const other = await postJson(grid, `/v1/vms`, order([script('more', 'true')], { requestId: 'conflict' }));
  expect([other.status, other.json.error.code]).toEqual([422, 'IDEMPOTENCY_CONFLICT']);
  expect(await vmsOf('conflict')).toHaveLength(1);
}, 60_000);

test('respond-async gives 202 and where to look; the events tell the phases until the end', async () => {
  const request = order([script('A', 'sleep 1')], { requestId: 'later' });
  const answer = await postVm({ prefer: 'respond-async' }, request);
  expect([answer.status, answer.headers.get('location')]).toEqual([202, '/v1/requests/later']);
  expect(answer.json).toMatchObject({ requestId: 'later', verb: 'create', state: 'running' });
  const events: ProgressEvent[] = [];
  for await (const event of grid.client.events('later')) events.push(event);
  const done = events.filter(({ state }) => state === 'done').map(({ phase, subject }) => subject ?? phase);
  expect(done).toEqual(['auction', 'overlay', 'boot', 'agent', 'disc', 'identity', 'A', 'actions']);
  const operation = await http(grid, `${answer.headers.get('location')}`, { method: 'GET' });
  expect(operation.json).toMatchObject({ state: 'done', result: { vm: { State: 'running', RequestId: 'later' } } });
  expect(operation.json.progress).toEqual(events);
}, 60_000);

test('a request that failed may be tried again under its id', async () => {
  const sign = join(grid.outbox, 'ready');
  const request = order([host('gate', 'when-ready', sign)], { requestId: 'second-try' });
  await expect(grid.client.create(request)).rejects.toMatchObject({ code: 'ACTION_FAILED' });
  expect((await grid.client.operation('second-try')).error).toMatchObject({ code: 'ACTION_FAILED' });
  await writeFile(sign, '');
  expect((await grid.client.create(request)).vm).toMatchObject({ State: 'running', RequestId: 'second-try' });
  expect(await vmsOf('second-try')).toHaveLength(1);
}, 60_000);

test('a shop that was killed and remembers nothing finds the VM of the same request at its plant', async () => {
  const request = order([], { requestId: 'forgotten' });
  const { vm } = await grid.client.create(request);
  await grid.kill('shop');
  await grid.start('shop');
  await grid.connected(2);
  const again = await grid.client.create(request);
  expect(again.vm.VmId).toBe(vm.VmId);
  expect(again.trail!.removed).toEqual([expect.objectContaining({ rule: 'already-has-vm' })]);
  expect((await grid.client.query({ vmId: String(vm.VmId), attributes: ['State'] })).vm).toEqual({ State: 'running' });
  expect(await vmsOf('forgotten')).toEqual([vm.VmId]);
}, 60_000);

test('a shop that was killed amid a create joins it when it is asked again', async () => {
  const request = order([script('slow', 'sleep 8')], { requestId: 'amid' });
  const first = grid.client.create(request).catch((error) => error);
  await eventually('the VM is being configured', async () => (await vmsOf('amid')).length === 1);
  await grid.kill('shop');
  expect(await first).toMatchObject({ code: 'SHOP_UNREACHABLE' });
  await grid.start('shop');
  await grid.connected(2);
  const [begun] = await vmsOf('amid');
  const { vm } = await grid.client.create(request);
  expect(vm).toMatchObject({ State: 'running', VmId: begun });
  expect(await vmsOf('amid')).toEqual([vm.VmId]);
}, 60_000);

test('the request of a VM that is gone is spent, also for a shop that remembers nothing; it does not make another one', async () => {
  const request = order([], { requestId: 'gone' });
  const vmId = String((await grid.client.create(request)).vm.VmId);
  await grid.client.destroy(vmId);
  const spent = { code: 'REQUEST_SPENT', details: { requestId: 'gone', vmId } };
  await expect(grid.client.submitCreate(request)).rejects.toMatchObject(spent);
  await expect(grid.client.create(request)).rejects.toMatchObject(spent);
  await grid.kill('shop');
  await grid.start('shop');
  await grid.connected(2);
  await expect(grid.client.create(request)).rejects.toMatchObject(spent);
  expect(await vmsOf('gone')).toEqual([]);
}, 60_000);
