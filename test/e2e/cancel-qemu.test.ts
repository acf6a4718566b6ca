/** Creates and builds that are cancelled while QEMU works on them: nothing is left, in whatever phase they were. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { GridError } from '@vmgrid/protocol';
import { dag, MACHINE, order, script } from '@vmgrid/test-support/grids/documents.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';
import { eventually } from '@vmgrid/test-support/hosts/processes.ts';

let grid: TestGrid;
beforeAll(async () => {
  grid = await TestGrid.open('cancel-qemu');
}, OPEN_GRID_MS);
afterAll(async () => expect((await grid?.close()) ?? []).toEqual([]), 60_000);

const ENDLESS = [script('endless', 'sleep 600')];
/** Boots: no image of this memory is suspended. */
const BOOTED = { machine: { ...MACHINE, memoryMiB: 160 } };
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: GridError) => error.code,
  );
const hasBegun = (requestId: string, phase: string) =>
  eventually(`${requestId} is in its phase ${phase}`, async () => {
    const known = await grid.client.operation(requestId).catch(() => undefined);
    return known?.progress.some((event) => event.phase === phase && event.state === 'started');
  });

test.each([
  ['auction', BOOTED],
  ['overlay', BOOTED],
  ['boot', BOOTED],
  ['agent', BOOTED],
  ['action', BOOTED],
  ['restore', {}],
  ['action', {}],
])(
  'a create in its phase %s, %j',
  async (phase, more) => {
    const requestId = `create-${phase}-${JSON.stringify(more).length}`;
    const request = order(ENDLESS, { ...more, requestId });
    const creation = codeOf(grid.client.create(request));
    await hasBegun(requestId, phase);
    const cancelled = { state: 'failed', error: { code: 'REQUEST_CANCELLED' } };
    expect(await grid.client.cancel(requestId)).toMatchObject(cancelled);
    expect(await creation).toBe('REQUEST_CANCELLED');
    expect(await grid.leftovers()).toEqual([]);
    expect(await codeOf(grid.client.create(request))).toBe('REQUEST_CANCELLED');
    expect((await grid.client.plants()).plants[0]!.ad).toMatchObject({ VmCount: 0, UsedMemoryMiB: 0 });
  },
  60_000,
);

test('the build of an image', async () => {
  const build = codeOf(grid.client.buildImage({ requestId: 'build', machine: MACHINE, dag: dag(ENDLESS) }));
  await hasBegun('build', 'action');
  await grid.client.cancel('build');
  expect(await build).toBe('REQUEST_CANCELLED');
  expect(await grid.leftovers()).toEqual([]);
}, 60_000);
