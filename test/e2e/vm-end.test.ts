/** How VMs end: by destroy, by the end of their lease, by their own death. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { dag, host, simulatedOrder as order, script } from '@vmgrid/test-support/grids/documents.ts';
import { bearer, http } from '@vmgrid/test-support/grids/shop-endpoints.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';
import { eventually, processesBelow } from '@vmgrid/test-support/hosts/processes.ts';

const NOBODY = 'vm-00000000-0000-4000-8000-000000000000';

let grid: TestGrid;
beforeAll(async () => {
  grid = await TestGrid.open('vm-end', {
    line: 'simulated',
    hostActions: {
      note: '#!/bin/sh\nsed -n \'s/.*"VmId":"\\([^"]*\\)".*"State":"\\([^"]*\\)".*/\\1 \\2/p\' >"$1"\n',
    },
  });
}, OPEN_GRID_MS);
afterAll(async () => expect((await grid?.close()) ?? []).toEqual([]), 60_000);

const create = async (more: object = {}) => String((await grid.client.create(order([], more))).vm.VmId);
const stateOf = async (vmId: string) => (await grid.client.query({ vmId })).vm;
const machineOf = async (vmId: string) => (await processesBelow(join(grid.stateOf('plant-1'), 'vms', vmId)))[0]!;

test('destroy runs the destruction DAG, takes everything away, and gives the final classad, also the second time', async () => {
  const file = join(grid.outbox, 'destroyed');
  const farewell = script('farewell', 'echo "Farewell = \\"from $(hostname)\\"" >>"$VMGRID_ATTRIBUTES"');
  const destruction = dag([farewell, host('note', 'note', file)], 'farewell>note');
  const vmId = await create({ destruction });
  const { pid } = await machineOf(vmId);
  const { vm } = await grid.client.destroy(vmId);
  expect(vm).toMatchObject({ VmId: vmId, State: 'destroyed', Farewell: `from ${vm.HostName}` });
  expect(await readFile(file, 'utf8')).toBe(`${vmId} collecting`);
  expect((await processesBelow(grid.directory)).map((one) => one.pid)).not.toContain(pid);
  expect(await grid.leftovers()).toEqual([]);
  expect((await grid.client.destroy(vmId)).vm).toEqual(vm);
  expect(await stateOf(vmId)).toEqual(vm);
}, 60_000);

test('two destroys at once are one', async () => {
  const file = join(grid.outbox, 'once');
  const vmId = await create({ destruction: dag([script('slow', 'sleep 1'), host('note', 'note', file)], 'slow>note') });
  const [first, second] = await Promise.all([grid.client.destroy(vmId), grid.client.destroy(vmId)]);
  expect(second.vm).toEqual(first.vm);
  expect(await grid.leftovers()).toEqual([]);
}, 60_000);

test.each([
  ['abort', 'action no ended with exit status 7'],
  ['continue', 'no failed'],
] as const)(
  'a destruction DAG that fails (%s) does not keep the VM, and says so',
  async (onError, why) => {
    const vmId = await create({ destruction: dag([{ ...script('no', 'exit 7'), onError }]) });
    const { vm } = await grid.client.destroy(vmId);
    const failed = { DestructionFailureCode: 'ACTION_FAILED', DestructionFailureMessage: expect.stringContaining(why) };
    expect(vm).toMatchObject({ State: 'destroyed', ...failed });
    expect(await stateOf(vmId)).toEqual(vm);
    const [last] = (await eventsUntil(vmId, 'destroyed')).slice(-1);
    expect(last).toMatchObject({ state: 'destroyed', reason: expect.stringMatching(`^ACTION_FAILED: .*${why}`) });
    expect(await grid.leftovers()).toEqual([]);
  },
  60_000,
);

test('a VM nobody knows is VM_UNKNOWN, to destroy, query and configure', async () => {
  for (const [method, path] of [
    ['DELETE', `/v1/vms/${NOBODY}`],
    ['GET', `/v1/vms/${NOBODY}`],
  ] as const) {
    const answer = await http(grid, `${path}`, { method });
    expect([answer.status, answer.json.error.code]).toEqual([404, 'VM_UNKNOWN']);
  }
  await expect(grid.client.configure({ vmId: NOBODY, dag: dag([]) })).rejects.toMatchObject({ code: 'VM_UNKNOWN' });
}, 60_000);

test('a lease that ends takes the VM away, its destruction DAG run', async () => {
  const file = join(grid.outbox, 'lease');
  const vmId = await create({ lease: 'PT5S', destruction: dag([host('note', 'note', file)]) });
  expect((await stateOf(vmId)).State).toBe('running');
  const last = await eventually('the VM is destroyed', async () => {
    const vm = await stateOf(vmId);
    return vm.State === 'destroyed' && vm;
  });
  expect(Date.now() - Date.parse(String(last.LeaseEndsAt))).toBeGreaterThan(0);
  expect(await readFile(file, 'utf8')).toBe(`${vmId} collecting`);
  await eventually('nothing of it is left', async () => (await grid.leftovers()).length === 0);
}, 60_000);

test('a lease longer than the plant grants is refused, and so is a memory or disk it has not', async () => {
  await expect(grid.client.create(order([], { lease: 'P29D' }))).rejects.toMatchObject({
    message: expect.stringContaining('LEASE_TOO_LONG'),
  });
}, 60_000);

test('a VM whose hypervisor dies is failed with GUEST_LOST, can be asked, and can be destroyed', async () => {
  const vmId = await create();
  process.kill((await machineOf(vmId)).pid, 'SIGKILL');
  const vm = await eventually('the VM has failed', async () => {
    const ad = await stateOf(vmId);
    return ad.State === 'failed' && ad;
  });
  expect(vm).toMatchObject({ FailureCode: 'GUEST_LOST', FailureMessage: expect.stringContaining('crashed') });
  const late = grid.client.configure({ vmId, dag: dag([script('late', 'true')]) });
  await expect(late).rejects.toMatchObject({ code: 'VM_STATE' });
  expect((await grid.client.list({ constraint: 'FailureCode == "GUEST_LOST"' })).vms).toHaveLength(1);
  const { vm: started } = await grid.client.start(vmId);
  expect(started).toMatchObject({ State: 'running', HostName: vm.HostName });
  expect(started).not.toHaveProperty('FailureCode');
  process.kill((await machineOf(vmId)).pid, 'SIGKILL');
  await eventually('the VM has failed again', async () => (await stateOf(vmId)).State === 'failed');
  expect((await grid.client.destroy(vmId)).vm).toMatchObject({ State: 'destroyed', FailureCode: 'GUEST_LOST' });
  expect(await grid.leftovers()).toEqual([]);
}, 60_000);

test('a hypervisor that dies amid an action ends the creation with GUEST_LOST and leaves nothing', async () => {
  const creation = grid.client.create(order([script('long', 'sleep 600')])).catch((error) => error);
  const qemu = await eventually('it is being configured', async () => {
    const { vms } = await grid.client.list({ constraint: 'State == "configuring"' });
    return vms[0] && machineOf(String(vms[0].VmId));
  });
  process.kill(qemu.pid, 'SIGKILL');
  expect(await creation).toMatchObject({ code: 'GUEST_LOST' });
  expect(await grid.leftovers()).toEqual([]);
}, 60_000);

test('a guest that powers itself off is a stopped VM; started, it is the machine that it was, on its disk', async () => {
  const keep = script('keep', 'echo kept > /root/kept');
  const { vm: made } = await grid.client.create(order([keep]));
  const vmId = String(made.VmId);
  await grid.client.configure({
    vmId,
    dag: dag([script('off', '(sleep 1; poweroff -f) >/dev/null 2>&1 </dev/null &')]),
  });
  const stopped = await eventually('the VM is stopped', async () => {
    const ad = await stateOf(vmId);
    return ad.State === 'stopped' && ad;
  });
  expect(stopped).not.toHaveProperty('FailureCode');
  await expect(grid.client.suspend(vmId)).rejects.toMatchObject({ code: 'VM_STATE' });
  const { vm: started } = await grid.client.start(vmId);
  const { HostName, MacAddress } = made;
  expect(started).toMatchObject({ State: 'running', HostName, MacAddress, SshPort: expect.any(Number) });
  const look = script('look', 'echo "Kept = \\"$(cat /root/kept) $(hostname)\\"" > "$VMGRID_ATTRIBUTES"');
  expect((await grid.client.configure({ vmId, dag: dag([look]) })).vm.Kept).toBe(`kept ${HostName}`);
  await grid.client.destroy(vmId);
  const states = (await eventsUntil(vmId, 'destroyed')).map(({ state }) => state);
  expect(states.slice(2)).toEqual(['running', 'stopped', 'starting', 'running', 'collecting', 'destroyed']);
}, 60_000);

test('a VM whose guest powered itself off is booted for its destruction DAG', async () => {
  const vmId = await create({ destruction: dag([script('last', 'echo "Last = true" > "$VMGRID_ATTRIBUTES"')]) });
  const off = script('off', '(sleep 1; poweroff -f) >/dev/null 2>&1 </dev/null &');
  await grid.client.configure({ vmId, dag: dag([off]) });
  await eventually('the VM is stopped', async () => (await stateOf(vmId)).State === 'stopped');
  expect((await grid.client.destroy(vmId)).vm).toMatchObject({ State: 'destroyed', Last: true });
}, 60_000);

/** Returns the shop's events of a VM, up to the event of this state. */
async function eventsUntil(vmId: string, state: string): Promise<Record<string, unknown>[]> {
  const controller = new AbortController();
  const response = await fetch(`${grid.shopUrl}/v1/vms/events`, { headers: bearer(grid), signal: controller.signal });
  let text = '';
  const events = () =>
    [...text.matchAll(/^data: (.*)\n\n/gm)].map(([, data]) => JSON.parse(data!)).filter((one) => one.vmId === vmId);
  for await (const chunk of response.body!) {
    text += Buffer.from(chunk).toString();
    if (events().some((event) => event.state === state)) break;
  }
  controller.abort();
  return events();
}
