/** VMs that sleep and wake, over the plant's death and by the end of their lease. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { dag, MACHINE, order, script } from '@vmgrid/test-support/grids/documents.ts';
import { bearer, http, XML_BODY } from '@vmgrid/test-support/grids/shop-endpoints.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';
import { eventually, processesBelow } from '@vmgrid/test-support/hosts/processes.ts';

let grid: TestGrid;
beforeAll(async () => {
  // Memory for one machine.
  grid = await TestGrid.open('suspension', {
    plantConfig: { capacity: { memoryMiB: MACHINE.memoryMiB, diskMiB: 65_536 } },
  });
}, OPEN_GRID_MS);
afterAll(async () => expect((await grid?.close()) ?? []).toEqual([]), 60_000);

const create = async (more: object = {}) => String((await grid.client.create(order([], more))).vm.VmId);
const stateOf = async (vmId: string) => (await grid.client.query({ vmId })).vm;
const machinesOf = (vmId: string) => processesBelow(join(grid.stateOf('plant-1'), 'vms', vmId));
const remember = (word: string) => ({ vmId: '', dag: dag([script('remember', `echo ${word} > /run/word`)]) });
const recall = { dag: dag([script('recall', 'echo "Word = \\"$(cat /run/word)\\"" > "$VMGRID_ATTRIBUTES"')]) };

test('a suspended VM gives its memory to another, wakes when there is room, and remembers', async () => {
  const sleeper = await create();
  await grid.client.configure({ ...remember('kept'), vmId: sleeper });
  await expect(create()).rejects.toMatchObject({ code: 'NO_BIDS' });

  const { vm: suspended } = await grid.client.suspend(sleeper);
  expect(suspended).toMatchObject({ State: 'suspended' });
  expect(suspended).not.toHaveProperty('SshPort');
  expect(await machinesOf(sleeper)).toEqual([]);
  await expect(grid.client.configure({ ...recall, vmId: sleeper })).rejects.toMatchObject({ code: 'VM_STATE' });

  const other = await create();
  await expect(grid.client.resume(sleeper)).rejects.toMatchObject({ code: 'MEMORY_INSUFFICIENT' });
  await grid.client.destroy(other);
  expect((await grid.client.resume(sleeper)).vm).toMatchObject({ State: 'running', SshPort: expect.any(Number) });
  expect((await grid.client.configure({ ...recall, vmId: sleeper })).vm.Word).toBe('kept');
  await grid.client.destroy(sleeper);
  expect(await grid.leftovers()).toEqual([]);
}, 120_000);

test('a plant that is killed finds a suspended VM again, as it does one that it was waking', async () => {
  const vmId = await create({ destruction: dag([script('last', 'echo "Last = true" > "$VMGRID_ATTRIBUTES"')]) });
  await grid.client.configure({ ...remember('over death'), vmId });
  await grid.client.suspend(vmId);
  await grid.kill('plant-1');
  await grid.start('plant-1');
  expect(await stateOf(vmId)).toMatchObject({ State: 'suspended' });

  const waking = grid.client.resume(vmId);
  await eventually('the machine starts', async () => (await machinesOf(vmId)).length > 0);
  await grid.kill('plant-1');
  await grid.start('plant-1');
  expect((await waking).vm).toMatchObject({ State: 'running' });
  expect((await grid.client.configure({ ...recall, vmId })).vm.Word).toBe('over death');

  // The destruction DAG of a suspended VM runs all the same.
  await grid.client.suspend(vmId);
  expect((await grid.client.destroy(vmId)).vm).toMatchObject({ State: 'destroyed', Last: true });
  expect(await grid.leftovers()).toEqual([]);
}, 180_000);

test('a VM is warned of, suspended and not lost when its lease ends, if its client said so; renewed, it wakes', async () => {
  const vmId = await create({ lease: 'PT3S', atLeaseEnd: 'suspend' });
  await eventually('the VM is suspended', async () => (await stateOf(vmId)).State === 'suspended');
  const body = `<vmgrid version="1"><renew vmId="${vmId}" lease="PT1H"/></vmgrid>`;
  const renewed = await http(grid, `/v1/vms/${vmId}/renew`, { ...XML_BODY, accept: 'application/json', body });
  expect(Date.parse(renewed.json.vm.LeaseEndsAt) - Date.now()).toBeGreaterThan(3_500_000);
  expect((await grid.client.resume(vmId)).vm).toMatchObject({ State: 'running', AtLeaseEnd: 'suspend' });
  await grid.client.destroy(vmId);
  expect(await eventsOf(vmId)).toEqual([
    'state cloning',
    'state configuring',
    'state running',
    'lease-ending running',
    'state suspended',
    'state running',
    'state collecting',
    'state destroyed',
  ]);
}, 120_000);

/** Returns the VM's events that the shop remembers. */
async function eventsOf(vmId: string): Promise<string[]> {
  const controller = new AbortController();
  const response = await fetch(`${grid.shopUrl}/v1/vms/events`, { headers: bearer(grid), signal: controller.signal });
  let text = '';
  for await (const chunk of response.body!) {
    text += Buffer.from(chunk).toString();
    if (text.includes('"state":"destroyed","leaseEndsAt"') && text.includes(vmId)) break;
  }
  controller.abort();
  const events = [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data!));
  return events.filter((event) => event.vmId === vmId).map(({ event, state }) => `${event} ${state}`);
}
