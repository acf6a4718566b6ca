/**
 * Shop → broker → broker → plants: requests find their plant, and a broker that is killed costs its plants a reconnect.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { dag, order, SIMULATED_MACHINE, script } from '@vmgrid/test-support/grids/documents.ts';
import { vmgrid } from '@vmgrid/test-support/grids/programs.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';
import { eventually } from '@vmgrid/test-support/hosts/processes.ts';

let grid: TestGrid;
beforeAll(async () => {
  grid = await TestGrid.open('brokers', {
    ...{ line: 'simulated', plants: 2, brokers: ['broker-1', 'broker-2', 'broker-3'] },
    shopConfig: { bidWindowMs: 20_000 },
    upstreams: {
      'broker-2': ['broker-1'],
      'plant-1': ['broker-2'],
      'plant-2': ['broker-2', 'broker-3'],
    },
  });
  await grid.connected(2);
}, OPEN_GRID_MS);
afterAll(async () => expect((await grid?.close()) ?? []).toEqual([]), 60_000);

const paper = (more: object = {}) => order([script('a', 'true')], { machine: SIMULATED_MACHINE, ...more });
const viaOf = async (plantId: string) =>
  (await grid.client.plants()).plants.find((one) => one.plantId === plantId)?.via;
const onPlant1 = { requirements: 'TARGET.Name == "plant-1"' };

test('a VM is made, configured and destroyed on a plant below two brokers, and the trail shows the way', async () => {
  const { vm, trail } = await grid.client.create(paper(onPlant1));
  expect(vm).toMatchObject({ State: 'running', Plant: 'plant-1' });
  expect(trail!.answers.find(({ plantId, outcome }) => plantId === 'plant-1' && outcome === 'bid')).toMatchObject({
    via: ['broker-1', 'broker-2'],
  });
  expect(trail!.brokers!.map(({ brokerId, via = [], outcome }) => [brokerId, outcome, ...via])).toEqual(
    expect.arrayContaining([
      ['broker-1', 'answered'],
      ['broker-2', 'answered', 'broker-1'],
      ['broker-3', 'answered'],
    ]),
  );
  const vmId = String(vm.VmId);
  const more = await grid.client.configure({ vmId, dag: dag([script('b', 'true')]) });
  expect(more.vm).toMatchObject({ ActionsRun: 2 });
  const told = await vmgrid(['explain', '--auction', trail!.auctionId, ...grid.flags]);
  expect(told).toMatchObject({ status: 0, err: '' });
  expect(told.out).toMatch(/plant-1 +broker-1 → broker-2 +bid/);
  expect((await grid.client.destroy(vmId)).vm.State).toBe('destroyed');
}, 120_000);

test('a plant with two brokers is one plant, reached the shorter way', async () => {
  expect(await viaOf('plant-2')).toEqual(['broker-3']);
  const { trail } = await grid.client.estimate(paper());
  expect(trail.order.map(({ plantId }) => plantId).sort()).toEqual(['plant-1', 'plant-2']);
}, 60_000);

test('a create under way survives the kill of a broker on its way, and is one VM', async () => {
  const creation = grid.client.create(paper({ ...onPlant1, dag: dag([script('slow', 'sleep 4')]) }));
  await eventually(
    'it is being configured',
    async () => (await grid.client.list({ constraint: 'State == "configuring"' })).vms.length > 0,
  );
  await grid.kill('broker-2');
  await grid.start('broker-2');
  const { vm } = await creation;
  expect(vm).toMatchObject({ State: 'running', Plant: 'plant-1' });
  expect((await grid.client.list()).vms).toHaveLength(1);
  await grid.client.destroy(String(vm.VmId));
}, 120_000);

test('a broker that is gone takes along only the plants that have no other way', async () => {
  await grid.kill('broker-1');
  await grid.connected(1);
  const { vm } = await grid.client.create(paper());
  expect(vm.Plant).toBe('plant-2');
  await grid.start('broker-1');
  await grid.connected(2);
  expect(await viaOf('plant-1')).toEqual(['broker-1', 'broker-2']);
  await grid.client.destroy(String(vm.VmId));
}, 120_000);
