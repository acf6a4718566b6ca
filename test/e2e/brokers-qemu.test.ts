/** The main job through two brokers, on real QEMU. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { order, script } from '@vmgrid/test-support/grids/documents.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';

let grid: TestGrid;
beforeAll(async () => {
  grid = await TestGrid.open('brokers-qemu', {
    brokers: ['broker-1', 'broker-2'],
    upstreams: { 'broker-2': ['broker-1'], 'plant-1': ['broker-2'] },
    shopConfig: { bidWindowMs: 20_000 },
  });
  await grid.connected(1);
}, OPEN_GRID_MS);
afterAll(async () => expect((await grid?.close()) ?? []).toEqual([]), 60_000);

test('a VM is cloned, configured and destroyed on a plant below two brokers', async () => {
  const { vm, trail } = await grid.client.create(order([script('mark', 'echo done >/root/mark')]));
  expect(vm).toMatchObject({ State: 'running', Plant: 'plant-1', Line: 'qemu', ActionsRun: 1 });
  expect(trail!.answers).toMatchObject([{ plantId: 'plant-1', via: ['broker-1', 'broker-2'], outcome: 'bid' }]);
  expect((await grid.client.destroy(String(vm.VmId))).vm.State).toBe('destroyed');
  expect(await grid.leftovers()).toEqual([]);
}, 120_000);
