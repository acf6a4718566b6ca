/** A grid of simulated plants: everything but the machines is what a grid with a hypervisor has. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { dag, SIMULATED_MACHINE, script } from '@vmgrid/test-support/grids/documents.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';
import { eventually } from '@vmgrid/test-support/hosts/processes.ts';

let grid: TestGrid;
beforeAll(async () => {
  grid = await TestGrid.open('simulated', { line: 'simulated' });
}, OPEN_GRID_MS);
afterAll(async () => expect((await grid?.close()) ?? []).toEqual([]), 60_000);

const mark = script('mark', 'echo "marked by $(hostname)" > /root/mark');
const tell = script('tell', 'echo "Mark = \\"$(cat /root/mark)\\"" >> "$VMGRID_ATTRIBUTES"');
const request = { machine: SIMULATED_MACHINE, dag: dag([mark, tell], 'mark>tell') };

test('a VM is made, and from a golden image of its first action only the other one is run', async () => {
  const { vm } = await grid.client.create(request);
  expect(vm).toMatchObject({ State: 'running', Line: 'simulated', Start: 'boot', Mark: `marked by ${vm.HostName}` });
  const { image } = await grid.client.buildImage({ machine: SIMULATED_MACHINE, dag: dag([mark]) });
  const { vm: clone } = await grid.client.create({ ...request, requestId: 'a-clone' });
  expect(clone).toMatchObject({ ImageId: image.imageId, ActionsCached: 1, ActionsRun: 1 });
  expect(clone.Mark).toMatch(/^marked by vm-/);
}, 60_000);

test('a plant that was killed finds its VM again, with what is in it', async () => {
  const { vm } = await grid.client.create({ ...request, requestId: 'a-survivor' });
  await grid.kill('plant-1');
  await grid.start('plant-1');
  await grid.connected(1);
  const vmId = String(vm.VmId);
  expect((await grid.client.query({ vmId })).vm).toMatchObject({ State: 'running', SshPort: vm.SshPort });
  const more = { vmId, dag: dag([script('again', 'echo "Again = \\"$(cat /root/mark)\\"" >> "$VMGRID_ATTRIBUTES"')]) };
  expect((await grid.client.configure(more)).vm).toMatchObject({ Again: vm.Mark });
}, 60_000);

test('a guest that powers itself off is a stopped VM', async () => {
  const { vm } = await grid.client.create({ ...request, requestId: 'a-quitter' });
  const vmId = String(vm.VmId);
  const off = grid.client.configure({ vmId, dag: dag([script('off', 'poweroff; sleep 30')]) });
  await expect(off).rejects.toMatchObject({ code: 'GUEST_LOST' });
  const stopped = async () => (await grid.client.query({ vmId })).vm.State === 'stopped';
  await eventually('the VM has stopped', stopped);
}, 60_000);
