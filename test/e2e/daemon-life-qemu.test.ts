/** Plants die while a hypervisor works for them: what runs is adopted, what was half made goes. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { dag, MACHINE, order, script } from '@vmgrid/test-support/grids/documents.ts';
import { banner } from '@vmgrid/test-support/grids/shop-endpoints.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';
import { eventually, processesBelow } from '@vmgrid/test-support/hosts/processes.ts';

let grid: TestGrid;
beforeAll(async () => {
  grid = await TestGrid.open('life-qemu');
}, OPEN_GRID_MS);
afterAll(async () => expect((await grid?.close()) ?? []).toEqual([]), 60_000);

const PLANT = 'plant-1';
const machines = () => processesBelow(grid.directory);

async function restartPlant(): Promise<void> {
  await grid.start(PLANT);
  await grid.connected(1);
}

/** Kills plant and shop, so that nobody asks for the work again, and starts both. */
async function crash(): Promise<void> {
  await grid.kill(PLANT);
  await grid.kill('shop');
  await grid.start('shop');
  await restartPlant();
}

test('a plant that was killed adopts its VMs: they run on, can be asked, configured and destroyed', async () => {
  const destruction = dag([script('farewell', 'test "$(cat /root/ran)" = "A B"')]);
  const { vm } = await grid.client.create(order([script('A', 'printf A >/root/ran')], { destruction }));
  const [vmId, [qemu]] = [String(vm.VmId), await machines()];
  await grid.kill(PLANT);
  expect(await banner(Number(vm.SshPort))).toMatch(/^SSH-2\.0-/);
  await restartPlant();
  expect((await grid.client.query({ vmId })).vm).toEqual(vm);
  expect((await grid.client.plants()).plants[0]!.ad).toMatchObject({ VmCount: 1, UsedMemoryMiB: MACHINE.memoryMiB });
  const { vm: more } = await grid.client.configure({ vmId, dag: dag([script('B', 'printf " B" >>/root/ran')]) });
  expect(more).toMatchObject({ State: 'running', ActionsRun: 2 });
  expect((await machines()).map(({ pid }) => pid)).toEqual([qemu!.pid]);
  expect((await grid.client.destroy(vmId)).vm.State).toBe('destroyed');
  expect(await grid.leftovers()).toEqual([]);
}, 60_000);

test('after a power cut a VM has failed; started, it is the machine that it was, with its disk', async () => {
  const { vm } = await grid.client.create(order([script('keep', 'hostname > /root/kept; sync')]));
  const [vmId, [qemu]] = [String(vm.VmId), await machines()];
  await grid.kill(PLANT);
  process.kill(qemu!.pid, 'SIGKILL');
  await restartPlant();
  expect((await grid.client.query({ vmId })).vm).toMatchObject({ State: 'failed', FailureCode: 'GUEST_LOST' });
  const { vm: started } = await grid.client.start(vmId);
  const { HostName, MacAddress } = vm;
  expect(started).toMatchObject({ State: 'running', HostName, MacAddress });
  expect(await banner(Number(started.SshPort))).toMatch(/^SSH-2\.0-/);
  const look = script('look', 'echo "Kept = \\"$(cat /root/kept) $(hostname)\\"" > "$VMGRID_ATTRIBUTES"');
  expect((await grid.client.configure({ vmId, dag: dag([look]) })).vm.Kept).toBe(`${HostName} ${HostName}`);
  await grid.client.destroy(vmId);
  expect(await grid.leftovers()).toEqual([]);
}, 120_000);

test('a plant killed while the hypervisor starts leaves no process either', async () => {
  const creation = grid.client.create(order()).catch((error) => error);
  await eventually('the hypervisor is there', async () => (await machines()).length > 0);
  await crash();
  await creation;
  expect(await grid.leftovers()).toEqual([]);
}, 60_000);

test('a plant killed amid the building of an image leaves no process, no staging and no reference', async () => {
  const building = grid.client
    .buildImage({ machine: MACHINE, dag: dag([script('long', 'sleep 600')]) })
    .catch((error) => error);
  await eventually('the hypervisor is there', async () => (await machines()).length > 0);
  await crash();
  await building;
  expect(await grid.leftovers()).toEqual([]);
}, 60_000);
