/**
 * A guest of QEMU's whose disk finds no room on the host is held, is shown so, and goes on when there is room.
 * @unshared
 */
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { dag, order, script } from '@vmgrid/test-support/grids/documents.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';
import { eventually } from '@vmgrid/test-support/hosts/processes.ts';
import { SmallDisk, WHY_NO_SMALL_DISK } from '@vmgrid/test-support/hosts/small-disk.ts';
import { testUnless } from '@vmgrid/test-support/jest/test-unless.ts';

const test = testUnless(WHY_NO_SMALL_DISK);

let disk: SmallDisk;
let grid: TestGrid;
beforeAll(async () => {
  disk = SmallDisk.mount(96);
  grid = await TestGrid.open('full-disk', { plantConfig: { stateDirectory: join(disk.path, 'plant-1') } });
}, OPEN_GRID_MS);
afterAll(async () => {
  try {
    expect((await grid?.close()) ?? []).toEqual([]);
  } finally {
    disk?.unmount();
  }
}, 60_000);

/** For what the plant writes to run an action; less than the guest writes. */
const ROOM_BYTES = 8 * 1_048_576;

const stateOf = async (vmId: string) => (await grid.client.query({ vmId })).vm;
const write = script(
  'write',
  '(dd if=/dev/zero of=/root/much bs=1M count=24; sync; echo whole > /root/end) > /dev/null 2>&1 < /dev/null &',
);
const look = script('look', 'echo "End = \\"$(cat /root/end) $(wc -c < /root/much)\\"" > "$VMGRID_ATTRIBUTES"');

test('it is paused while the disk is full, goes on when it is not, and loses nothing', async () => {
  const vmId = String((await grid.client.create(order())).vm.VmId);
  disk.fill(ROOM_BYTES);
  await grid.client.configure({ vmId, dag: dag([write]) });
  const paused = await eventually('it is paused', async () => {
    const vm = await stateOf(vmId);
    return vm.State === 'paused' && vm;
  });
  expect(paused).toMatchObject({ FailureCode: 'HOST_DISK_FULL' });
  await expect(grid.client.configure({ vmId, dag: dag([look]) })).rejects.toMatchObject({ code: 'VM_STATE' });

  disk.free();
  await eventually('it goes on', async () => (await stateOf(vmId)).State === 'running');
  expect(await stateOf(vmId)).not.toHaveProperty('FailureCode');
  await eventually('all is written', async () => {
    const { vm } = await grid.client.configure({ vmId, dag: dag([look]) });
    return vm.End === `whole ${24 * 1_048_576}`;
  });
  await grid.client.destroy(vmId);
  expect(await grid.leftovers()).toEqual([]);
}, 180_000);
