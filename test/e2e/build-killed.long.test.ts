/** A plant that is killed at any step of building an image, on real QEMU: the next run sweeps, and builds it. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type BuildImageReply, GridError } from '@vmgrid/protocol';
import { dag, MACHINE, script } from '@vmgrid/test-support/grids/documents.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';

const PLANT = 'plant-1';
/** In the order in which a build passes them; inside `promote` each step has its test in the plant's own. */
const PHASES = ['overlay', 'restore', 'agent', 'disc', 'identity', 'action', 'quiesce', 'freeze', 'promote'];

let grid: TestGrid;
beforeAll(async () => {
  grid = await TestGrid.open('build-killed', { shopConfig: { plantReturnMs: 120_000 } });
}, OPEN_GRID_MS);
afterAll(async () => expect((await grid?.close()) ?? []).toEqual([]), 60_000);

const imageIds = async () => (await grid.client.images()).images.map(({ imageId }) => imageId);

/** Resolves when the first run of the request comes to the phase. */
async function comesTo(phase: string, requestId: string): Promise<void> {
  for await (const event of grid.client.events(requestId)) {
    if (event.phase === phase && event.state === 'started') return;
  }
  throw new Error(`the build ended without ${phase}`);
}

async function endOf(requestId: string): Promise<BuildImageReply> {
  for await (const _ of grid.client.events(requestId));
  const { result, error } = await grid.client.operation(requestId);
  if (error) throw GridError.fromBody(error);
  return result as BuildImageReply;
}

test.each(PHASES)(
  'killed as %s begins, it leaves no process, staging or reference, and the request ends with a whole image',
  async (phase) => {
    const before = await imageIds();
    const action = script('note', `echo ${phase} >/root/note`);
    const { requestId } = await grid.client.submitBuildImage({ machine: MACHINE, dag: dag([action]) });
    await comesTo(phase, requestId);
    await grid.kill(PLANT);
    await grid.start(PLANT);
    const { image } = await endOf(requestId);
    expect((await imageIds()).sort()).toEqual([...before, image.imageId].sort());
    const verify = await grid.client.submitVerifyImages({ imageIds: [image.imageId] });
    for await (const _ of grid.client.events(verify.requestId));
    const { result } = await grid.client.operation(verify.requestId);
    expect((result as { images: { faults: unknown[] }[] }).images.flatMap(({ faults }) => faults)).toEqual([]);
    expect(await grid.leftovers()).toEqual([]);
  },
  120_000,
);
