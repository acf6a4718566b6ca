/** Requests that are cancelled, through a broker: by command, by Ctrl-C, in XML, and with daemons that die amid it. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { GridError, OperationReply } from '@vmgrid/protocol';
import { decodeXmlReply } from '@vmgrid/protocol/xml';
import { dag, simulatedOrder as order, SIMULATED_MACHINE, script } from '@vmgrid/test-support/grids/documents.ts';
import { startVmgrid, vmgrid } from '@vmgrid/test-support/grids/programs.ts';
import { tcp } from '@vmgrid/test-support/grids/shop-endpoints.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';
import { eventually } from '@vmgrid/test-support/hosts/processes.ts';

let grid: TestGrid;
beforeAll(async () => {
  grid = await TestGrid.open('cancel', {
    ...{ line: 'simulated', brokers: ['broker-1'], upstreams: { 'plant-1': ['broker-1'] } },
    plantConfig: { concurrentCreations: 1 },
    shopConfig: { quotas: { default: { vms: 2 } } },
  });
  await grid.connected(1);
}, OPEN_GRID_MS);
afterAll(async () => expect((await grid?.close()) ?? []).toEqual([]), 60_000);

const CANCELLED = { code: 'REQUEST_CANCELLED' };
const ENDLESS = [script('first', 'true'), script('endless', 'sleep 600')];
const endless = (requestId: string) => order(ENDLESS, { requestId });
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: GridError) => error.code,
  );
const progressOf = async (requestId: string): Promise<OperationReply['progress']> =>
  grid.client.operation(requestId).then(
    ({ progress }) => progress,
    () => [],
  );
/** Resolves when the guest runs the action that never ends. */
const isEndless = (requestId: string) =>
  eventually(`${requestId} runs its last action`, async () =>
    (await progressOf(requestId)).some(({ subject, state }) => subject === 'endless' && state === 'started'),
  );
const isGone = async (requestId: string) => {
  expect(await codeOf(grid.client.create(endless(requestId)))).toBe('REQUEST_CANCELLED');
  expect(await grid.leftovers()).toEqual([]);
};

test('a create amid its actions, and one that waits for its turn, are cancelled, and their quota is free', async () => {
  const one = codeOf(grid.client.create(endless('one')));
  await isEndless('one'); // before the other, which would take its turn
  const two = codeOf(grid.client.create(endless('two')));
  await eventually('the plant has taken the second', async () => (await grid.client.auctions()).auctions.length === 2);
  expect(await codeOf(grid.client.create(endless('three')))).toBe('QUOTA_VMS');
  expect(await grid.client.cancel('two')).toMatchObject({ state: 'failed', error: CANCELLED });
  expect(await two).toBe('REQUEST_CANCELLED');
  const three = codeOf(grid.client.create(endless('three')));
  expect((await grid.client.operation('one')).state).toBe('running');
  const { status, out } = await vmgrid(['cancel', 'one', 'three', ...grid.flags]);
  expect([status, out]).toEqual([0, 'one is cancelled\nthree is cancelled\n']);
  expect([await one, await three]).toEqual(['REQUEST_CANCELLED', 'REQUEST_CANCELLED']);
  for (const requestId of ['one', 'two', 'three']) await isGone(requestId);
}, 120_000);

test('what is cancelled after its end is told as it is', async () => {
  const { vm } = await grid.client.create(order([], { requestId: 'made' }));
  const vmId = String(vm.VmId);
  expect(await grid.client.cancel('made')).toMatchObject({ state: 'done', result: { vm: { VmId: vmId } } });
  expect((await vmgrid(['cancel', 'made', ...grid.flags])).out).toBe(
    `made was done before: ${vmId} is running; \`vmgrid destroy ${vmId}\` takes it away\n`,
  );
  expect(await vmgrid(['cancel', 'nothing', ...grid.flags])).toMatchObject({ status: 1 });
  await grid.client.destroy(vmId);
}, 60_000);

test('Ctrl-C cancels and waits; a second one leaves and says how to go on', async () => {
  const file = join(grid.directory, 'endless.json');
  await writeFile(file, JSON.stringify(endless('by-hand')));
  const first = startVmgrid(['create', file, ...grid.flags]);
  const errors = text(first.stderr!);
  await isEndless('by-hand');
  first.kill('SIGINT');
  expect(await once(first, 'close')).toEqual([1, null]);
  expect(await errors).toMatch(/cancelling by-hand; press Ctrl-C again to leave.*REQUEST_CANCELLED/s);
  await isGone('by-hand');

  await writeFile(file, JSON.stringify(endless('left')));
  const second = startVmgrid(['create', file, ...grid.flags]);
  let told = '';
  second.stderr!.on('data', (chunk) => {
    told += chunk;
  });
  await isEndless('left');
  process.kill(grid.daemon('plant-1').pid, 'SIGSTOP'); // it answers no cancel
  try {
    second.kill('SIGINT');
    await eventually('the cancel is asked', async () => told.includes('cancelling left'));
    second.kill('SIGINT');
    expect(await once(second, 'close')).toEqual([130, null]);
  } finally {
    process.kill(grid.daemon('plant-1').pid, 'SIGCONT');
  }
  expect(told).toContain('`vmgrid follow left` shows what comes of it');
  expect((await vmgrid(['follow', 'left', ...grid.flags])).err).toContain('REQUEST_CANCELLED');
  await isGone('left');
}, 120_000);

test('a cancel in XML over TCP, and the same again', async () => {
  const creation = codeOf(grid.client.create(endless('in-xml')));
  await isEndless('in-xml');
  const document = '<vmgrid version="1"><cancel requestId="in-xml"/></vmgrid>';
  for (const reply of [await tcp(grid, document), await tcp(grid, document)]) {
    expect(decodeXmlReply(reply)).toMatchObject({ kind: 'operation', body: { state: 'failed', error: CANCELLED } });
  }
  expect(await creation).toBe('REQUEST_CANCELLED');
  await isGone('in-xml');
}, 60_000);

test('the build of an image', async () => {
  const build = codeOf(grid.client.buildImage({ requestId: 'image', machine: SIMULATED_MACHINE, dag: dag(ENDLESS) }));
  await isEndless('image');
  expect(await grid.client.cancel('image')).toMatchObject({ state: 'failed', error: CANCELLED });
  expect(await build).toBe('REQUEST_CANCELLED');
  expect(await grid.leftovers()).toEqual([]);
}, 60_000);

test('a configuration: what was done stays in the history, the VM runs on, and can be configured', async () => {
  const { vm } = await grid.client.create(order([], { requestId: 'configured' }));
  const vmId = String(vm.VmId);
  const more = { vmId, requestId: 'more', dag: dag(ENDLESS, 'first>endless') };
  const configuring = codeOf(grid.client.configure(more));
  await isEndless('more');
  await grid.client.cancel('more');
  expect(await configuring).toBe('REQUEST_CANCELLED');
  expect(await codeOf(grid.client.configure(more))).toBe('REQUEST_CANCELLED');
  expect((await grid.client.query({ vmId })).vm).toMatchObject({ State: 'running', ActionsRun: 1 });
  const { vm: after } = await grid.client.configure({ vmId, dag: dag([script('after', 'true')]) });
  expect(after).toMatchObject({ State: 'running', ActionsRun: 2 });
  await grid.client.destroy(vmId);
}, 60_000);

test('a create whose plant is killed: at once, and nothing is made when the plant is back', async () => {
  const creation = codeOf(grid.client.create(endless('plant-dies')));
  await isEndless('plant-dies');
  await grid.kill('plant-1');
  expect(await grid.client.cancel('plant-dies')).toMatchObject({ state: 'failed', error: CANCELLED });
  expect(await creation).toBe('REQUEST_CANCELLED');
  await grid.start('plant-1');
  await grid.connected(1);
  await eventually('the quota is free', async () => (await grid.leftovers()).length === 0);
  await isGone('plant-dies');
}, 120_000);

test('a create whose shop is killed: by the next shop, and it stays cancelled in the one after', async () => {
  grid.client.create(endless('shop-dies')).catch(() => undefined);
  await isEndless('shop-dies');
  await grid.kill('shop');
  await grid.start('shop');
  await grid.connected(1);
  expect(await grid.client.cancel('shop-dies')).toMatchObject({ state: 'failed', error: CANCELLED });
  expect(await grid.leftovers()).toEqual([]);
  await grid.kill('shop');
  await grid.start('shop');
  await grid.connected(1);
  await isGone('shop-dies');
}, 120_000);
