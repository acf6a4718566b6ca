/** Daemons die and are stopped; VMs live on, and what was half made goes. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { dag, host, simulatedOrder as order, script } from '@vmgrid/test-support/grids/documents.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';
import { eventually, processesBelow } from '@vmgrid/test-support/hosts/processes.ts';

let grid: TestGrid;
beforeAll(async () => {
  grid = await TestGrid.open('life', { line: 'simulated', hostActions: { append: '#!/bin/sh\necho "$2" >>"$1"\n' } });
}, OPEN_GRID_MS);
afterAll(async () => expect((await grid?.close()) ?? []).toEqual([]), 60_000);

const PLANT = 'plant-1';

async function restartPlant(): Promise<void> {
  await grid.start(PLANT);
  await grid.connected(1);
}

const machines = () => processesBelow(grid.directory);
const inState = (state: string) => async () =>
  (await grid.client.list({ constraint: `State == "${state}"` })).vms.length > 0;

/** Kills plant and shop, so that nobody asks for the work again, and starts both. */
async function crash(): Promise<void> {
  await grid.kill(PLANT);
  await grid.kill('shop');
  await grid.start('shop');
  await restartPlant();
}

test('a VM that died while its plant was away has failed; a lease that ended meanwhile ends it', async () => {
  const dead = String((await grid.client.create(order())).vm.VmId);
  const [qemu] = await machines();
  const brief = String((await grid.client.create(order([], { lease: 'PT3S' }))).vm.VmId);
  await grid.kill(PLANT);
  process.kill(qemu!.pid, 'SIGKILL');
  await new Promise((resolve) => setTimeout(resolve, 3_000)); // the lease ends
  await restartPlant();
  expect((await grid.client.query({ vmId: dead })).vm).toMatchObject({ State: 'failed', FailureCode: 'GUEST_LOST' });
  await eventually(
    'the lease was ended',
    async () => (await grid.client.query({ vmId: brief })).vm.State === 'destroyed',
  );
  await grid.client.destroy(dead);
  expect(await grid.leftovers()).toEqual([]);
}, 60_000);

test('a plant killed amid the actions of a create undoes it when it starts again', async () => {
  const creation = grid.client.create(order([script('long', 'sleep 600')])).catch((error) => error);
  await eventually('it is being configured', inState('configuring'));
  await crash();
  expect(await creation).toMatchObject({ code: 'SHOP_UNREACHABLE' });
  expect(await grid.leftovers()).toEqual([]);
  expect((await grid.client.plants()).plants[0]!.ad).toMatchObject({ VmCount: 0, UsedMemoryMiB: 0 });
}, 60_000);

test('a create whose plant was killed is finished there once the plant is back, as one VM', async () => {
  const creation = grid.client.create(order([script('slow', 'sleep 3')], { requestId: 'through-a-crash' }));
  await eventually('it is being configured', inState('configuring'));
  await grid.kill(PLANT);
  await restartPlant();
  const { vm } = await creation;
  expect(vm).toMatchObject({ State: 'running', ActionsRun: 1 });
  expect(await machines()).toHaveLength(1);
  await grid.client.destroy(String(vm.VmId));
  expect(await grid.leftovers()).toEqual([]);
}, 60_000);

test('a destruction that was cut short is taken up again', async () => {
  const file = join(grid.outbox, 'cut-short');
  const destruction = dag([host('note', 'append', file, 'x'), script('slow', 'sleep 2')], 'note>slow');
  const vmId = String((await grid.client.create(order([], { destruction }))).vm.VmId);
  const destroying = grid.client.destroy(vmId).catch((error) => error);
  await eventually('it is being collected', inState('collecting'));
  await crash();
  await destroying;
  expect((await grid.client.destroy(vmId)).vm).toMatchObject({ VmId: vmId, State: 'destroyed' });
  expect(await grid.leftovers()).toEqual([]);
}, 60_000);

test('a plant told to stop undoes what it was making instead of waiting for it, and leaves its VMs running', async () => {
  const { vm } = await grid.client.create(order());
  const creation = grid.client.create(order([script('long', 'sleep 600')])).catch((error) => error);
  await eventually('another is being configured', inState('configuring'));
  await grid.daemon(PLANT).stop();
  expect(await grid.daemon(PLANT).ended).toBe(0);
  expect(await creation).toMatchObject({
    code: expect.stringMatching(/^(DRAINING|PLANT_LOST|CANCELLED|AWARD_REFUSED)$/),
  });
  expect(await machines()).toHaveLength(1);
  await restartPlant();
  expect((await grid.client.query({ vmId: String(vm.VmId) })).vm).toEqual(vm);
  await grid.client.destroy(String(vm.VmId));
  expect(await grid.leftovers()).toEqual([]);
}, 90_000);

test('a shop told to stop lets a request end that is soon done', async () => {
  const creation = grid.client.create(order([script('short', 'sleep 1')]));
  await eventually('it is being configured', inState('configuring'));
  await grid.daemon('shop').stop();
  const { vm } = await creation;
  await grid.start('shop');
  await grid.connected(1);
  expect((await grid.client.query({ vmId: String(vm.VmId) })).vm).toEqual(vm);
  await grid.client.destroy(String(vm.VmId));
}, 60_000);

test('a shop told to stop amid long work does not wait for it; the plant goes on with it', async () => {
  const request = order([script('long', 'sleep 12')], { requestId: 'outlives-the-shop' });
  const creation = grid.client.create(request).catch((error) => error);
  await eventually('it is being configured', inState('configuring'));
  await grid.daemon('shop').stop();
  expect(await creation).toMatchObject({ code: 'DRAINING', details: { requestId: 'outlives-the-shop' } });
  await grid.start('shop');
  await grid.connected(1);
  const { vm } = await grid.client.create(request);
  expect(vm).toMatchObject({ State: 'running', RequestId: 'outlives-the-shop' });
  expect(await machines()).toHaveLength(1);
  await grid.client.destroy(String(vm.VmId));
}, 60_000);

test('a second plant on the same state directory is refused', async () => {
  await expect(grid.startTwin(PLANT)).rejects.toMatchObject({ code: 'STATE_LOCKED' });
  expect((await grid.client.create(order())).vm.State).toBe('running');
}, 60_000);
