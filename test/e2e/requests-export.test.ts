/** A running grid's requests are exported and replayed in a simulation. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { dag, SIMULATED_MACHINE, script } from '@vmgrid/test-support/grids/documents.ts';
import { vmgrid } from '@vmgrid/test-support/grids/programs.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';

let grid: TestGrid;
beforeAll(async () => {
  grid = await TestGrid.open('requests-export', { line: 'simulated' });
}, OPEN_GRID_MS);
afterAll(async () => expect((await grid?.close()) ?? []).toEqual([]), 60_000);

const SLOW = script('create-user-arijit', 'sleep 0.3');
const TELL = script('tell', 'echo "Word = \\"confidential\\"" >> "$VMGRID_ATTRIBUTES"', { secret: true });
const request = (requestId: string) => ({
  requestId,
  machine: SIMULATED_MACHINE,
  dag: dag([SLOW, TELL], 'create-user-arijit>tell'),
});

test('the requests of a running plant are replayed at another cost; nothing that a client wrote is in the export', async () => {
  await grid.client.create(request('order-of-alice-1'));
  const { image } = await grid.client.buildImage({ machine: SIMULATED_MACHINE, dag: dag([SLOW]) });
  await grid.client.create(request('order-of-alice-2'));

  const exported = await vmgrid(['--json', ...grid.flags, 'requests', 'export']);
  expect([exported.status, exported.err]).toEqual([0, '']);
  const { requests, images, silentPlants } = JSON.parse(exported.out);
  expect(requests).toMatchObject([
    {
      at: 0,
      start: 'boot',
      line: 'simulated',
      edges: [{ from: 0, to: 1 }],
      actions: [{ id: 'a1', seconds: expect.any(Number) }, { id: 'a2' }],
    },
    { at: expect.any(Number), actions: [{ id: 'a1' }, { id: 'a2' }] },
  ]);
  const [first, second] = requests;
  expect(second.actions[0].digest).toBe(first.actions[0].digest);
  expect(second.imageId).not.toBe(first.imageId);
  expect(images.find(({ imageId }: { imageId: string }) => imageId === second.imageId)).toMatchObject({
    ...{ suspended: true, history: [{ digest: first.actions[0].digest }] },
  });
  expect(silentPlants).toEqual([]);
  for (const text of [
    'alice',
    'arijit',
    'confidential',
    'tell',
    'plant-1',
    image.imageId,
    ...image.history.map(({ digest }) => digest),
  ]) {
    expect(exported.out).not.toContain(text);
  }

  const file = join(grid.directory, 'requests.json');
  await writeFile(file, exported.out);
  const replayed = await vmgrid([
    '--json',
    'simulate',
    '--replay',
    file,
    '--cost',
    'memory',
    '--cost',
    'seconds',
    '--plants',
    '2',
  ]);
  // Progress, where the host is slow enough to see any.
  expect(replayed.err.replace(/^cost \w+: .*\n/gm, '')).toBe('');
  expect(JSON.parse(replayed.out).rows).toMatchObject([
    { cost: 'memory', requests: 2, made: 2, refused: 0 },
    { cost: 'seconds', requests: 2, made: 2, refused: 0 },
  ]);
}, 120_000);

test('a plant that is not connected is named; a pseudonym key of another form is refused', async () => {
  const unknown = await vmgrid(['--json', ...grid.flags, 'requests', 'export', '--plant', 'plant-9']);
  expect(JSON.parse(unknown.out)).toMatchObject({ requests: [], silentPlants: ['plant-9'] });
  await expect(grid.client.recordedRequests('plant-1', 'short')).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
}, 60_000);
