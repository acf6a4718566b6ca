/** A warehouse that grows by itself: requests are remembered, an idle plant builds what they have in common. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { dag, MACHINE, script } from '@vmgrid/test-support/grids/documents.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';
import { eventually } from '@vmgrid/test-support/hosts/processes.ts';

let grid: TestGrid;

const REQUESTS = 3;
const install = script('install', 'sleep 2; echo install >>/root/ran');
const setUp = script('set-up', 'sleep 1; echo set-up >>/root/ran');
const tell = script('tell', 'echo "Ran = \\"$(tr "\\n" " " </root/ran)\\"" >>"$VMGRID_ATTRIBUTES"');
const asked = (own: string) => {
  const personal = script('personal', `echo ${own} >>/root/ran`);
  const edges = ['install>set-up', 'set-up>personal', 'personal>tell'];
  return { machine: MACHINE, dag: dag([install, setUp, personal, tell], ...edges) };
};

beforeAll(async () => {
  const tending = { enabled: true, idleFor: 'PT8S', minimumSavedSeconds: 3 };
  grid = await TestGrid.open('tending', { plantConfig: { tending } });
}, OPEN_GRID_MS);
afterAll(async () => expect(await grid?.close()).toEqual([]), 60_000);

test('after some similar requests an idle plant builds what they have in common, and the next one hits it', async () => {
  for (let number = 1; number <= REQUESTS; number++) {
    const { vm } = await grid.client.create(asked(`user-${number}`));
    expect(vm).toMatchObject({ ActionsCached: 0, Ran: `install set-up user-${number} ` });
  }
  const wanting = (await grid.client.suggestImages({ top: 1 })).plants[0]!;
  expect(wanting).toMatchObject({
    plantId: 'plant-1',
    requests: REQUESTS,
    before: { hits: 0 },
    after: { hits: REQUESTS },
  });
  expect(wanting.suggestions[0]).toMatchObject({
    ...{ machine: MACHINE, line: 'qemu', requests: REQUESTS, buildable: true },
    actions: [{ id: 'install' }, { id: 'set-up' }],
  });
  expect(wanting.after.meanSeconds).toBeLessThan(wanting.before.meanSeconds - 2);

  const common = async () =>
    (await grid.client.images()).images.find(({ history }) => history.map(({ id }) => id).join() === 'install,set-up');
  await eventually('the image is there', async () => (await common()) !== undefined, 60_000);
  const image = (await common())!;
  const { vm } = await grid.client.create(asked('user-next'));
  expect(vm).toMatchObject({ ImageId: image.imageId, Start: 'restore', ActionsCached: 2, ActionsRun: 2 });
  expect(vm.Ran).toBe('install set-up user-next ');
  expect(await grid.logOf('plant-1')).toContain('the plant is idle and builds an image that would save time');
}, 180_000);

test('what is wanting of a plant that is not there is told as that', async () => {
  await expect(grid.client.suggestImages({ plantId: 'plant-9' })).rejects.toMatchObject({ code: 'PLANT_LOST' });
  await expect(grid.client.suggestImages({ top: 0 })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
});
