import { cpSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { ToldVm } from '@vmgrid/protocol';
import { SmallDisk, WHY_NO_SMALL_DISK } from '@vmgrid/test-support/hosts/small-disk.ts';
import { testUnless } from '@vmgrid/test-support/jest/test-unless.ts';
import { VmBookFile } from '../../src/vms/vm-book-file.ts';

const vm = (n: number): ToldVm => ({ requestId: `request-${n}`, state: 'running', memoryMiB: 256, diskMiB: 1_024 });

let folder: string;
let now: number;
const files: VmBookFile[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vmgrid-book-'));
  now = 1_000;
});
afterEach(async () => {
  closeAll();
  await rm(folder, { recursive: true });
});

function closeAll(): void {
  for (const file of files.splice(0)) file.close();
}

function open(name = 'vms.sqlite'): VmBookFile {
  const file = new VmBookFile(join(folder, name), { now: () => now });
  files.push(file);
  return file;
}

/** A file as a shop finds it that starts after the last one was killed now. */
function afterKill(): VmBookFile {
  for (const suffix of ['', '-wal']) cpSync(join(folder, `vms.sqlite${suffix}`), join(folder, `after.sqlite${suffix}`));
  return open('after.sqlite');
}

const noted = (change: 'joined' | 'left', plantId: string) =>
  ({ change, role: 'plant', plantId, version: '1', via: [] }) as const;

test('a shop that is started again knows what plants told last, and since when those are away that had left', () => {
  const first = open();
  first.entered('a', 'request-1 ', vm(1));
  first.entered('a', 'request-2 ', vm(2));
  first.entered('b', 'request-1 ', vm(1));
  first.entered('a', 'request-2 ', undefined);
  first.note(noted('left', 'b'));
  closeAll();
  now = 5_000;
  expect(open().read()).toEqual([
    { plantId: 'a', vm: vm(1), leftAt: 5_000 },
    { plantId: 'b', vm: vm(1), leftAt: 1_000 },
  ]);
});

test('a plant that came back was there when the shop ended', () => {
  const first = open();
  first.entered('a', 'request-1 ', vm(1));
  first.note(noted('left', 'a'));
  first.note(noted('joined', 'a'));
  closeAll();
  now = 5_000;
  expect(open().read()).toMatchObject([{ plantId: 'a', leftAt: 5_000 }]);
});

test('of an absent plant that has no VMs nothing is kept from one shop to the next', () => {
  const first = open();
  first.entered('b', 'request-1 ', vm(1));
  for (const plantId of ['a', 'b']) first.note(noted('left', plantId));
  closeAll();
  open().read();
  closeAll();
  const database = new DatabaseSync(join(folder, 'vms.sqlite'));
  expect(database.prepare('SELECT plant_id FROM absent').all()).toMatchObject([{ plant_id: 'b' }]);
  database.close();
});

test('what was written is there after a kill', () => {
  const first = open();
  first.entered('a', 'request-1 ', vm(1));
  first.write();
  first.entered('a', 'request-2 ', vm(2));
  expect(
    afterKill()
      .read()
      .map(({ vm: { requestId } }) => requestId),
  ).toEqual(['request-1']);
});

testUnless(WHY_NO_SMALL_DISK)('a disk that has no room for all that waits takes some of it', () => {
  const disk = SmallDisk.mount(2);
  try {
    const file = new VmBookFile(join(disk.path, 'vms.sqlite'), { now: () => now });
    for (let n = 0; n < 20_000; n += 1) file.entered('a', `request-${n} `, vm(n));
    file.write();
    const written = file.read().length;
    file.close();
    expect(written).toBeGreaterThan(0);
    expect(written).toBeLessThan(20_000);
  } finally {
    disk.unmount();
  }
});

test('no two shops have one file', () => {
  open();
  expect(() => open()).toThrow(expect.objectContaining({ code: 'STATE_LOCKED' }));
});
