/** An image as one file: exported from a warehouse, gone from it, imported again, and cloned. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { dag, MACHINE, order, script } from '@vmgrid/test-support/grids/documents.ts';
import { vmgrid as runVmgrid } from '@vmgrid/test-support/grids/programs.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';

const ACTION = script('A', 'echo exported >/root/from');

let grid: TestGrid;
beforeAll(async () => {
  grid = await TestGrid.open('archive', { base: MACHINE.os, plantConfig: { httpPort: 0 } });
}, OPEN_GRID_MS);
afterAll(async () => expect(await grid?.close()).toEqual([]), 60_000);

const vmgrid = (...args: string[]) => vmgridAt(grid.shopUrl, ...args);

async function vmgridAt(url: string, ...args: string[]): Promise<unknown> {
  const environment = { VMGRID_HOME: grid.directory };
  const { out } = await runVmgrid(['--shop', url, '--json', 'images', ...args], { environment });
  return JSON.parse(out.trimEnd().split('\n').at(-1)!);
}

test('an image that was exported, removed and imported again is cloned from its suspended memory', async () => {
  const { image } = await grid.client.buildImage({ machine: MACHINE, dag: dag([ACTION]) });
  const archive = join(grid.directory, 'golden.archive');
  await vmgrid('export', image.imageId, archive, '--warehouse', grid.warehouse);
  expect((await stat(archive)).size).toBeGreaterThan(1_048_576);

  await grid.client.removeImage(image.imageId);
  expect((await grid.client.images()).images.map(({ imageId }) => imageId)).not.toContain(image.imageId);

  expect(await vmgrid('import', archive, '--warehouse', grid.warehouse)).toMatchObject({
    images: expect.arrayContaining([expect.objectContaining({ imageId: image.imageId, imported: true })]),
  });
  const { vm } = await grid.client.create(order([ACTION]));
  expect(vm).toMatchObject({ ImageId: image.imageId, Start: 'restore', ActionsCached: 1, ActionsRun: 0 });
  await grid.client.destroy(String(vm.VmId));
}, 240_000);

test('over the endpoint of its plant an image goes out, is removed, and comes back, with the shop gone', async () => {
  const { image } = await grid.client.buildImage({ machine: MACHINE, dag: dag([ACTION]) });
  const plant = `http://127.0.0.1:${grid.daemon('plant-1').ready.httpPort}`;
  const archive = join(grid.directory, 'over-http.archive');
  await grid.daemon('shop').stop();
  try {
    await vmgridAt(plant, 'tag', image.imageId, 'mine');
    expect(await vmgrid('export', 'mine', archive, '--plant', plant)).toEqual({
      image: 'mine',
      bytes: (await stat(archive)).size,
    });
    await vmgridAt(plant, 'rm', 'mine');
    expect(await vmgrid('import', archive, '--plant', plant)).toMatchObject({
      images: expect.arrayContaining([{ imageId: image.imageId, archivedId: image.imageId, imported: true }]),
    });
    await vmgridAt(plant, 'verify', image.imageId); // exits with 1 when anything is wrong
  } finally {
    await grid.start('shop');
  }
  await grid.connected(1);
  const { vm } = await grid.client.create(order([ACTION]));
  expect(vm).toMatchObject({ ImageId: image.imageId, Start: 'restore', ActionsRun: 0 });
  await grid.client.destroy(String(vm.VmId));
}, 240_000);
