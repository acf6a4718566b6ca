/** A golden image contains no secrets of the machines cloned from it, and no traces of how it was made. */
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { dag, MACHINE, script } from '@vmgrid/test-support/grids/documents.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';

const mark = (name: string) => `${name}-${Math.random().toString(36).slice(2)}${Math.random().toString(36).slice(2)}`;
const SECRET = mark('secret');
const LEFT_BY_ACTION = mark('left');

let grid: TestGrid;
beforeAll(async () => {
  grid = await TestGrid.open('secrets', { base: MACHINE.os });
}, OPEN_GRID_MS);
afterAll(async () => expect(await grid?.close()).toEqual([]), 60_000);

/** Files below a folder that have a text in them, whatever their size. */
async function filesWith(folder: string, text: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const found = await Promise.all(files.map((file) => hasText(file, text)));
  return files.filter((_, index) => found[index]).map((file) => file.slice(folder.length + 1));
}

async function hasText(file: string, text: string): Promise<boolean> {
  let tail = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { highWaterMark: 4 * 1_048_576 })) {
    const window = Buffer.concat([tail, chunk]);
    if (window.includes(text)) return true;
    tail = window.subarray(Math.max(0, window.length - text.length));
  }
  return false;
}

test('a secret of a clone is in the clone only; the golden image it came from stays free of it', async () => {
  const leave = script('leave', `echo ${LEFT_BY_ACTION} >/root/left; sync`);
  const { image } = await grid.client.buildImage({ machine: MACHINE, dag: dag([leave]) });
  const secret = script('secret', `echo ${SECRET} >/root/secret; sync`, { secret: true });
  const { vm } = await grid.client.create({ machine: MACHINE, dag: dag([leave, secret], 'leave>secret') });
  expect(vm).toMatchObject({ ImageId: image.imageId, ActionsCached: 1, ActionsRun: 1 });
  const images = join(grid.warehouse, 'images');
  // The search finds what is there: what the action left in the image, and the secret in the clone's disk.
  expect((await filesWith(images, LEFT_BY_ACTION)).map((file) => file.split('/')[0])).toContain(image.imageId);
  const having = await filesWith(grid.stateOf('plant-1'), SECRET);
  expect(having).toContain(`vms/${vm.VmId}/run/disk.qcow2`);
  expect(having.filter((file) => file.endsWith('.iso'))).toEqual([]);
  expect(await filesWith(images, SECRET)).toEqual([]);
}, 120_000);

test('an image cannot be built with a secret action', async () => {
  const request = { machine: MACHINE, dag: dag([script('secret', `echo ${SECRET}`, { secret: true })]) };
  await expect(grid.client.buildImage(request)).rejects.toMatchObject({
    code: 'SECRET_IN_IMAGE',
    details: { actionId: 'secret' },
  });
  expect(await filesWith(join(grid.warehouse, 'images'), SECRET)).toEqual([]);
  expect(await grid.filesWith(SECRET)).toEqual([]);
}, 60_000);

test('of how an image was made neither config disc nor runner is left, on its disk or in its memory', async () => {
  const disc = mark('disc');
  const request = { machine: MACHINE, dag: dag([script('quiet', `true # ${disc}`)]) };
  const { image } = await grid.client.buildImage(request);
  expect(await filesWith(join(grid.warehouse, 'images', image.imageId), disc)).toEqual([]);
}, 120_000);
