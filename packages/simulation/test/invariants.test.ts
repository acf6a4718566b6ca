/** The invariants see what they are there for. */
import { beforeEach, expect, test } from '@jest/globals';
import { checkPlant, checkRest, misbelievedVms, misstatedVms, requireCorrected } from '../src/checks.ts';
import { Grid } from '../src/grid.ts';
import { madeUpGrid } from '../src/made-up-grid.ts';
import { DEFAULTS } from '../src/options.ts';
import type { PlantNode } from '../src/plant/plant-node.ts';
import { anyWork } from '../src/scenario.ts';

let grid: Grid;
let plant: PlantNode;

/** A grid of one plant that has made one VM, which a client was told of. */
beforeEach(async () => {
  grid = new Grid(madeUpGrid({ ...DEFAULTS, plants: 1, shops: 1, faults: 'none', deeds: 0 }));
  plant = grid.plants[0]!;
  grid.start();
  void grid.client.ask('request-1', anyWork(grid.world.random));
  await grid.world.run(30_000, () => undefined);
  expect(plant.disk.records()).toMatchObject([{ requestId: 'request-1', state: 'running' }]);
  check();
});

const check = () => checkPlant(plant, grid.ledger, grid.world);
const rest = () => checkRest(grid);

test('two VMs of one request on a plant', () => {
  const [record] = plant.disk.records();
  const twin = { record: JSON.stringify({ ...record, vmId: 'vm-twin' }), files: new Set<string>() };
  plant.disk.folders.set('vm-twin', twin);
  expect(check).toThrow(/has two VMs of request-1/);
});

test('a VM that a client was told of and the plant forgot', () => {
  plant.disk.folders.clear();
  expect(check).toThrow(/knows nothing of vm-/);
});

test('machines that have more memory than there is', () => {
  const machine = { memoryMiB: 1_000_000, cpus: 1 };
  plant.host.start({ vmId: 'vm-huge', directory: 'vms/vm-huge', machine, hangs: false });
  expect(check).toThrow(/have 1\d+ MiB, there are/);
});

test('more machines than there may be', () => {
  const machine = { memoryMiB: 1, cpus: 1 };
  for (let number = 0; number < 8; number += 1) {
    plant.host.start({ vmId: `vm-${number}`, directory: `vms/vm-${number}`, machine, hangs: false });
  }
  expect(check).toThrow(/9 machines run on plant-1, at most 8 may/);
});

/** Changes the only VM's record behind the plant's back. */
function rewrite(change: (record: Record<string, unknown>) => object): void {
  const folder = [...plant.disk.folders.values()][0]!;
  folder.record = JSON.stringify(change(JSON.parse(folder.record!)));
}

test('an action that a VM has run twice', () => {
  rewrite((record) => ({ ...record, history: [record.history, record.history].flat(2) }));
  expect(check).toThrow(/has run an action twice/);
});

test.each([
  ['a machine that ended and a record that says it runs', 'running', () => plant.host.end(onlyDirectory(), 'crashed')],
  ['a machine that runs and a record that says it is suspended', 'suspended', () => undefined],
  ['a suspended machine without its memory', 'suspended', () => plant.host.end(onlyDirectory(), 'requested')],
])('%s', (_, state, change) => {
  change();
  rewrite((record) => ({ ...record, state }));
  const before = misstatedVms(grid.plants);
  expect(() => requireCorrected('states are true', before, misstatedVms(grid.plants))).toThrow(/is said to be/);
  rewrite((record) => ({ ...record, sshPort: 1 }));
  expect(() => requireCorrected('states are true', before, misstatedVms(grid.plants))).not.toThrow();
});

test('a shop that takes a VM for something else than it is, for longer than it takes to tell', () => {
  rewrite((record) => ({ ...record, state: 'suspended' }));
  const before = misbelievedVms(grid);
  const look = () => requireCorrected('shops know what plants have', before, misbelievedVms(grid));
  expect(look).toThrow(/shop-1 takes what plant-1 has of request-1 for vm-\S+ running, and it is vm-\S+ suspended/);
  rewrite((record) => ({ ...record, state: 'running' }));
  expect(look).not.toThrow();
});

test('a shop that counts a request which waits at its plant, and nobody waits for it any more', () => {
  grid.shops[0]!.book!.pin('plant-1', { requestId: 'request-2', state: 'planned', memoryMiB: 1, diskMiB: 1 });
  grid.ledger.ask('request-2', 'create');
  expect(misbelievedVms(grid).size).toBe(0);
  grid.ledger.answer('request-2', 'NO_BIDS');
  expect([...misbelievedVms(grid).values()]).toEqual(['undefined planned']);
});

const onlyDirectory = () => [...plant.host.running.keys()][0]!;

test('a lease that has ended without a collection', () => {
  expect(rest).toThrow(/the lease of vm-.* has ended, but it is running/);
});

test.each([
  ['a machine', (node: PlantNode) => node.host.start({ ...ORPHAN, machine: { memoryMiB: 1, cpus: 1 }, hangs: false })],
  ['a hold on an image', ({ disk }: PlantNode) => disk.holds.add('base vm-orphan')],
  ['a folder', ({ disk }: PlantNode) => disk.folders.set('vm-orphan', { record: undefined, files: new Set() })],
  ['an image in the making', ({ disk }: PlantNode) => disk.stagings.set('staging/vm-orphan/work', 'image-1')],
  ['a disc', ({ disk }: PlantNode) => disk.discs.set('vms/vm-orphan/config-1.iso', { steps: [] })],
])('%s that is left over', async (_, leave) => {
  await grid.world.run(2_000_000, () => undefined);
  rest();
  leave(plant);
  expect(rest).toThrow(/vm-orphan/);
});

const ORPHAN = { vmId: 'vm-orphan', directory: 'vms/vm-orphan' };

test('a request that is never answered', async () => {
  await grid.world.run(2_000_000, () => undefined);
  grid.ledger.ask('request-2', 'create');
  expect(rest).toThrow(/request-2 was never answered/);
});

test('a plant that bid with the VM of a request, and yet another one made it', () => {
  const { ledger } = grid;
  const [{ vmId } = { vmId: '' }] = plant.disk.records();
  const won = { requestId: 'request-1', vmId: 'vm-other', plantId: 'plant-2' };
  const answers = [{ plantId: 'plant-1', outcome: 'bid', elapsedMs: 1 }];
  const trail = { openedAt: new Date(grid.world.now() + 1).toISOString(), answers } as never;
  expect(ledger.passedOver(won, trail)).toEqual(['plant-1']);
  expect(ledger.passedOver({ ...won, vmId, plantId: 'plant-1' }, trail)).toEqual([]);
});
