/** A grid's explanations of how it would make a machine, and why. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { encodeXmlRequest } from '@vmgrid/protocol/xml';
import { dag, SIMULATED_MACHINE as MACHINE, script } from '@vmgrid/test-support/grids/documents.ts';
import { vmgrid } from '@vmgrid/test-support/grids/programs.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';

const request = { machine: MACHINE, dag: dag([script('first', 'true'), script('second', 'true #')], 'first>second') };

let grid: TestGrid;
let blankId: string;
let document: string;

beforeAll(async () => {
  grid = await TestGrid.open('explain', { line: 'simulated', plantConfig: { simulated: { bootMs: 2_000 } } });
  blankId = (await grid.client.buildImage({ machine: MACHINE, dag: dag([]) })).image.imageId;
  document = join(grid.directory, 'request.xml');
  await writeFile(document, encodeXmlRequest({ verb: 'create', body: request }));
}, OPEN_GRID_MS);
afterAll(async () => expect((await grid?.close()) ?? []).toEqual([]), 60_000);

const explain = async (...flags: string[]) => (await vmgrid([...grid.flags, ...flags, 'explain', document])).out;

test('the image that would be taken is the one that an estimate names, with both ways to start it', async () => {
  const { plants, silentPlants } = JSON.parse(await explain('--json'));
  const { bids } = await grid.client.estimate(request);
  expect(silentPlants).toEqual([]);
  expect(plants).toHaveLength(1);
  expect(plants[0]).toMatchObject({
    plantId: 'plant-1',
    images: 2,
    chosen: { imageId: blankId, start: 'restore', cached: [], remaining: ['first', 'second'] },
    candidates: { count: 2, nearest: [{ imageId: blankId }, { starts: [{ start: 'boot' }] }] },
  });
  expect(bids[0]!.plan).toMatchObject({
    imageId: blankId,
    start: 'restore',
    expectedSeconds: plants[0].chosen.expectedSeconds,
    alternatives: expect.arrayContaining([expect.objectContaining({ imageId: blankId, start: 'boot' })]),
  });
}, 60_000);

test('people get text', async () => {
  expect(await explain()).toContain(`Would restore ${blankId}`);
}, 60_000);
