/**
 * A host that has nothing more of something, with all of a grid on it: each request ends with a code, and nothing is
 * left.
 * @unshared
 */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { script, simulatedOrder } from '@vmgrid/test-support/grids/documents.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';
import { SmallDisk, WHY_NO_SMALL_DISK } from '@vmgrid/test-support/hosts/small-disk.ts';
import { testUnless } from '@vmgrid/test-support/jest/test-unless.ts';

const test = testUnless(WHY_NO_SMALL_DISK);

let disk: SmallDisk;
let grid: TestGrid;
beforeAll(async () => {
  disk = SmallDisk.mount(24);
  grid = await TestGrid.open('exhausted', { line: 'simulated', folder: join(disk.path, 'grid') });
}, OPEN_GRID_MS);
afterAll(async () => {
  try {
    expect((await grid?.close()) ?? []).toEqual([]);
  } finally {
    disk?.unmount();
  }
}, 60_000);

const create = (requestId: string) =>
  grid.client.create({ ...simulatedOrder([script('mark', 'echo "marked" > /root/mark')]), requestId });

/** The VM's id, or the code of the error. */
const outcomeOf = (requestId: string): Promise<string> =>
  create(requestId).then(
    ({ vm }) => String(vm.VmId),
    ({ code }) => String(code),
  );

const vmIds = async () => (await grid.client.list()).vms.map(({ VmId }) => String(VmId)).sort();

test('on a full disk nothing new is made, what there is can be looked at and destroyed, and then all goes on', async () => {
  const before = await outcomeOf('before');
  expect(before).toMatch(/^vm-/);
  disk.fill();
  expect(await outcomeOf('amid')).toBe('HOST_DISK_FULL');
  expect((await grid.client.query({ vmId: before })).vm).toMatchObject({ State: 'running' });
  expect(await vmIds()).toEqual([before]);
  expect((await grid.client.destroy(before)).vm).toMatchObject({ State: 'destroyed' });
  disk.fill();
  expect(await vmIds()).toEqual([]);
  expect(await grid.leftovers()).toEqual([]);
  disk.free();
  const after = await outcomeOf('after');
  expect(await vmIds()).toEqual([after]);
  await grid.client.destroy(after);
  const { entries } = await grid.client.audit({ operation: 'vm.destroy', most: 10 });
  expect(entries.filter(({ target }) => target.includes(before)).map(({ outcome }) => outcome)).toEqual([
    'ok',
    'begun',
  ]);
}, 60_000);

test('however far a creation gets before the disk is full, it ends with that code or well, and leaves nothing', async () => {
  const outcomes: string[] = [];
  for (const leaving of [0, 4, 8, 16, 32, 64, 96, 128, 192, 256, 512, 1_024].map((kib) => kib * 1_024)) {
    disk.fill(leaving);
    const outcome = await outcomeOf(`leaving-${leaving}`);
    outcomes.push(outcome.replace(/^vm-.*/, 'made'));
    disk.free();
    expect(await vmIds()).toEqual(outcome.startsWith('vm-') ? [outcome] : []);
    if (outcome.startsWith('vm-')) await grid.client.destroy(outcome);
    expect(await grid.leftovers()).toEqual([]);
  }
  expect(new Set(outcomes)).toEqual(new Set(['HOST_DISK_FULL', 'made']));
}, 120_000);

/** Open files that a daemon may have beyond those that it has. */
function limitFiles(daemon: string, more: number): void {
  const { pid } = grid.daemon(daemon);
  const open = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
  let limit = 0;
  for (let left = more; open.has(limit) || left > 0; limit += 1) if (!open.has(limit)) left -= 1;
  execFileSync('prlimit', [`--pid=${pid}`, `--nofile=${limit}:`]);
}

const unlimitFiles = (daemon: string) =>
  execFileSync('prlimit', [`--pid=${grid.daemon(daemon).pid}`, '--nofile=1024:']);

test('a shop whose clients have all connections that it may have serves again when they go', async () => {
  const clients: Socket[] = [];
  limitFiles('shop', 20);
  try {
    for (let index = 0; index < 100; index += 1) {
      const socket = createConnection(Number(new URL(grid.shopUrl).port), '127.0.0.1');
      socket.on('error', () => undefined);
      clients.push(socket);
    }
    await Promise.all(
      clients.map((socket) => new Promise((resolve) => socket.once('connect', resolve).once('error', resolve))),
    );
    const refused = await grid.client.list().then(
      () => 'answered',
      ({ code }) => code,
    );
    expect(['answered', 'SHOP_UNREACHABLE']).toContain(refused);
  } finally {
    for (const socket of clients) socket.destroy();
  }
  expect(await vmIds()).toEqual([]);
  unlimitFiles('shop');
  await grid.client.destroy(await outcomeOf('when-they-went'));
}, 60_000);

test('a plant that may open no more files fails with the code, and leaves nothing', async () => {
  const outcomes: string[] = [];
  for (const more of [0, 1, 2, 3, 4, 6, 8, 12, 40]) {
    limitFiles('plant-1', more);
    const outcome = await outcomeOf(`files-${more}`);
    outcomes.push(outcome.replace(/^vm-.*/, 'made'));
    unlimitFiles('plant-1');
    expect(await vmIds()).toEqual(outcome.startsWith('vm-') ? [outcome] : []);
    if (outcome.startsWith('vm-')) await grid.client.destroy(outcome);
    expect(await grid.leftovers()).toEqual([]);
  }
  expect(new Set(outcomes)).toEqual(new Set(['HOST_FILES_FULL', 'made']));
}, 120_000);
