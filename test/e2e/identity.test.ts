/** Properties that must differ between clones of one suspended memory, and properties that must be right in each. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ClassAdJson } from '@vmgrid/protocol';
import { order, script } from '@vmgrid/test-support/grids/documents.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';
import { lookScript, MUST_DIFFER, sharedTraits } from '../../packages/vmplant/src/identity/must-differ.ts';

const scan = promisify(execFile);

/** Looks as soon as an action can: right after the clone has woken. */
const LOOK = script(
  'look',
  [
    'tell() { echo "$1 = \\"$2\\"" >>"$VMGRID_ATTRIBUTES"; }',
    'echo "Clock = $(date +%s)" >>"$VMGRID_ATTRIBUTES"',
    'tell GuestHostKey "$(cut -d" " -f1,2 /etc/ssh/ssh_host_ed25519_key.pub)"',
    'tell HostKeys "$(ls /etc/ssh | grep -c "^ssh_host_.*_key$")"',
    'tell Carrier "$(cat /sys/class/net/eth0/carrier)"',
    lookScript(),
  ].join('\n'),
);

let grid: TestGrid;
let clones: readonly ClassAdJson[];
let clocksOff: readonly number[];

beforeAll(async () => {
  grid = await TestGrid.open('identity');
  clones = [];
  clocksOff = [];
  for (let count = 0; count < 2; count += 1) {
    const before = Date.now() / 1_000;
    const { vm } = await grid.client.create(order([LOOK]));
    const after = Date.now() / 1_000;
    const clock = Number(vm.Clock);
    clones = [...clones, vm];
    clocksOff = [...clocksOff, Math.max(before - clock, clock - after, 0)];
  }
}, OPEN_GRID_MS);
afterAll(async () => expect((await grid?.close()) ?? []).toEqual([]), 60_000);

test('the clones come from the same memory', () => {
  expect(clones.map(({ Start }) => Start)).toEqual(['restore', 'restore']);
  expect(new Set(clones.map(({ ImageId }) => ImageId)).size).toBe(1);
});

test('two clones share nothing of the list of what must differ', () => {
  const [one, other] = clones as [ClassAdJson, ClassAdJson];
  const lacking = MUST_DIFFER.filter(({ name }) => !one[name]).map(({ name }) => name);
  expect(lacking).toEqual(['BusMachineId', 'BusId', 'RandomSeed']); // a tiny system has no such thing
  expect(sharedTraits(one, other)).toEqual([]);
});

test.each(['VmId', 'SshHostKey', 'SshPort'])('%s differs between two clones', (name) => {
  expect(new Set(clones.map((vm) => vm[name])).size).toBe(2);
});

test('the guest is who its classad says it is', () => {
  for (const vm of clones) {
    expect(vm.KernelHostName).toBe(vm.HostName);
    expect(vm.HostNameFile).toBe(vm.HostName);
    expect(vm.CardAddress).toBe(vm.MacAddress);
    expect(vm.GuestHostKey).toBe(vm.SshHostKey);
    expect(vm.MachineId).toMatch(/^[0-9a-f]{32}$/);
    expect([vm.HostKeys, vm.Carrier]).toEqual(['1', '1']);
  }
});

test('the clock of a clone is right within two seconds', () => {
  for (const seconds of clocksOff) expect(seconds).toBeLessThan(2);
});

test('the ssh port answers with the host key that the classad names', async () => {
  for (const vm of clones) {
    const { stdout } = await scan('ssh-keyscan', ['-t', 'ed25519', '-T', '20', '-p', `${vm.SshPort}`, '127.0.0.1']);
    expect(stdout).toContain(String(vm.SshHostKey));
  }
}, 60_000);
