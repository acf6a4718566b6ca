/** Golden images that are not what they were: the next best serves, and who is left without is told so. */
import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { VerifyImagesReply } from '@vmgrid/protocol';
import { dag, SIMULATED_MACHINE, script } from '@vmgrid/test-support/grids/documents.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';
import { writable } from '@vmgrid/test-support/hosts/damage.ts';
import { followToEnd } from '../../packages/vmgrid/src/follow.ts';

let grid: TestGrid;
beforeAll(async () => {
  grid = await TestGrid.open('broken-images', { line: 'simulated' });
}, OPEN_GRID_MS);
afterAll(async () => expect((await grid?.close()) ?? []).toEqual([]), 60_000);

const request = (name: string) => ({
  machine: SIMULATED_MACHINE,
  dag: dag([script('mark', `echo ${name} > /root/mark`)]),
});

/** Builds the image of a request; resolves with its id and its disk's path. */
async function golden(name: string): Promise<{ readonly id: string; readonly disk: string }> {
  const { image } = await grid.client.buildImage(request(name));
  return { id: image.imageId, disk: join(grid.warehouse, 'images', image.imageId, 'disk.json') };
}

/** Returns those with faults among all verified images. */
async function faulty(): Promise<readonly string[]> {
  const submitted = await grid.client.submitVerifyImages({});
  const { images } = await followToEnd<VerifyImagesReply>(grid.client, submitted, true);
  return images.filter(({ faults }) => faults.length > 0).map(({ imageId }) => imageId);
}

async function flip(path: string): Promise<void> {
  const content = await readFile(path);
  content[0]! ^= 1;
  await writeFile(await writable(path), content);
}

test('an image that was cut is not used: the VM is made from the next best', async () => {
  const { id, disk } = await golden('cut');
  await truncate(await writable(disk), 10);
  const { vm } = await grid.client.create(request('cut'));
  expect(vm).toMatchObject({ State: 'running', ActionsCached: 0, ActionsRun: 1 });
  expect(vm.ImageId).not.toBe(id);
  expect(await faulty()).toEqual([id]);
  const { images } = await grid.client.images();
  expect(images.find(({ imageId }) => imageId === id)?.broken).toContain('has 10 bytes, its manifest says');
}, 60_000);

test('an image in which a bit flipped fails once, is found out, and the VM is made from the next best', async () => {
  const { id, disk } = await golden('flipped');
  await flip(disk);
  const { vm } = await grid.client.create(request('flipped'));
  expect(vm).toMatchObject({ State: 'running', ActionsCached: 0, ActionsRun: 1 });
  expect(await grid.logOf('plant-1')).toContain(`the image ${id} is broken`);
}, 60_000);

test('without any image that is whole a request is refused with a code, and nothing is left of it', async () => {
  const [base] = (await readdir(join(grid.warehouse, 'images'))).filter((name) => name.startsWith('base-'));
  await flip(join(grid.warehouse, 'images', base!, 'disk.json'));
  for (const { VmId } of (await grid.client.list()).vms) await grid.client.destroy(String(VmId));
  const refused = grid.client.create({ ...request('none'), requestId: 'none' });
  await expect(refused).rejects.toMatchObject({ code: expect.stringMatching(/^(AWARD_REFUSED|NO_BIDS)$/) });
  await expect(refused).rejects.toMatchObject({ message: expect.stringContaining('NO_IMAGE') });
  expect(await grid.leftovers()).toEqual([]);
  await flip(join(grid.warehouse, 'images', base!, 'disk.json'));
  expect(await faulty()).not.toContain(base);
  const { vm } = await grid.client.create({ ...request('none'), requestId: 'mended' });
  expect(vm.State).toBe('running');
}, 60_000);
