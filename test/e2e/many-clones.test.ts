/** Many machines asked for at once: none disturbs another, and nothing of them is left. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ClassAdJson } from '@vmgrid/protocol';
import { order, script } from '@vmgrid/test-support/grids/documents.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';

const CLONES = 10;

let grid: TestGrid;
let clones: readonly ClassAdJson[];

/** Each writes down who it is to be, and tells what it finds written down. */
const own = (number: number) => [
  script('write', `echo ${number} > /root/number; sync`),
  script('tell', 'echo "Number = $(cat /root/number)" >>"$VMGRID_ATTRIBUTES"'),
];

beforeAll(async () => {
  grid = await TestGrid.open('many', { plantConfig: { concurrentCreations: CLONES } });
  const numbers = Array.from({ length: CLONES }, (_, number) => number);
  const replies = await Promise.all(numbers.map((number) => grid.client.create(order(own(number)))));
  clones = replies.map(({ vm }) => vm);
}, OPEN_GRID_MS);
afterAll(async () => expect((await grid?.close()) ?? []).toEqual([]), 60_000);

test('each wakes from the same memory and runs its own actions on a disk of its own', () => {
  expect(clones.map(({ State, Start, ActionsRun }) => [State, Start, ActionsRun])).toEqual(
    Array.from({ length: CLONES }, () => ['running', 'restore', 2]),
  );
  expect(new Set(clones.map(({ ImageId }) => ImageId)).size).toBe(1);
  expect(clones.map((vm) => vm.Number)).toEqual(Array.from({ length: CLONES }, (_, number) => number));
});

test.each(['VmId', 'HostName', 'MacAddress', 'SshHostKey', 'SshPort'])('no two have the same %s', (name) => {
  expect(clones.map((vm) => vm[name])).not.toContain(undefined);
  expect(new Set(clones.map((vm) => vm[name])).size).toBe(CLONES);
});

test('all can be destroyed at once', async () => {
  const last = await Promise.all(clones.map(({ VmId }) => grid.client.destroy(String(VmId))));
  expect(last.map(({ vm }) => vm.State)).toEqual(Array.from({ length: CLONES }, () => 'destroyed'));
  expect(await grid.vmFolders()).toEqual([]);
});
