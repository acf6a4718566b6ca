/** A shop that dials the plant of its list, as in the paper's prototype: the plant knows no shop. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { order, SIMULATED_MACHINE, script } from '@vmgrid/test-support/grids/documents.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';
import { freePort } from '@vmgrid/test-support/hosts/free-port.ts';

let grid: TestGrid;
beforeAll(async () => {
  const httpPort = await freePort();
  grid = await TestGrid.open('static-binding', {
    line: 'simulated',
    shopConfig: { plants: [`ws://127.0.0.1:${httpPort}/v1/link`] },
    plantConfig: { upstreams: [], httpPort },
  });
  await grid.connected(1);
}, OPEN_GRID_MS);
afterAll(async () => expect((await grid?.close()) ?? []).toEqual([]), 60_000);

test('a VM is made on a listed plant, outlives a kill of the plant, and is destroyed after its return', async () => {
  const { vm } = await grid.client.create(order([script('a', 'true')], { machine: SIMULATED_MACHINE }));
  expect(vm).toMatchObject({ State: 'running', Plant: 'plant-1', ActionsRun: 1 });
  const vmId = String(vm.VmId);
  await grid.kill('plant-1');
  await grid.connected(0);
  await grid.start('plant-1');
  await grid.connected(1);
  expect((await grid.client.query({ vmId })).vm).toMatchObject({ State: 'running', Plant: 'plant-1' });
  expect((await grid.client.destroy(vmId)).vm.State).toBe('destroyed');
}, 120_000);
