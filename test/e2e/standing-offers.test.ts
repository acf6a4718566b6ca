/**
 * Two plants that share a warehouse publish their offers: what one builds or removes, the other offers or no longer
 * offers.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { dag, order, SIMULATED_MACHINE, script } from '@vmgrid/test-support/grids/documents.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';
import { eventually } from '@vmgrid/test-support/hosts/processes.ts';

let grid: TestGrid;
beforeAll(async () => {
  // A plant that had to be asked would make every auction wait for as long.
  grid = await TestGrid.open('standing-offers', { line: 'simulated', plants: 2, shopConfig: { bidWindowMs: 60_000 } });
  await grid.connected(2);
}, OPEN_GRID_MS);
afterAll(async () => {
  process.kill(grid.daemon('plant-2').pid, 'SIGCONT');
  expect(await grid.close()).toEqual([]);
}, 60_000);

const work = dag([script('a', 'true')]);

/** Which image each plant would start from. */
async function imagesOffered(): Promise<Record<string, string>> {
  const { bids } = await grid.client.estimate(order([script('a', 'true')], { machine: SIMULATED_MACHINE }));
  return Object.fromEntries(bids.map(({ plantId, plan }) => [plantId, plan.imageId]));
}

test('an image that one plant builds is in the bids of both, and gone from them when it is removed', async () => {
  const before = await imagesOffered();
  expect(Object.keys(before).sort()).toEqual(['plant-1', 'plant-2']);

  const { image } = await grid.client.buildImage({ machine: SIMULATED_MACHINE, dag: work, plantId: 'plant-1' });
  const { imageId } = image;
  expect((await imagesOffered())['plant-1']).toBe(imageId);
  const both = { 'plant-1': imageId, 'plant-2': imageId };
  await eventually('both offer it', async () => (await imagesOffered())['plant-2'] === imageId);

  // A stopped process cannot be asked, but its offer stands.
  process.kill(grid.daemon('plant-2').pid, 'SIGSTOP');
  expect(await imagesOffered()).toEqual(both);
  process.kill(grid.daemon('plant-2').pid, 'SIGCONT');

  await grid.client.removeImage(imageId);
  await eventually('neither offers it', async () => Object.values(await imagesOffered()).every((id) => id !== imageId));
  expect(await imagesOffered()).toEqual(before);
}, 120_000);
