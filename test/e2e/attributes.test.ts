/** Attributes that actions set become part of the VM's classad, and can be queried. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ClassAdJson } from '@vmgrid/protocol';
import { host, order, script } from '@vmgrid/test-support/grids/documents.ts';
import { http } from '@vmgrid/test-support/grids/shop-endpoints.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';

let grid: TestGrid;
let vm: ClassAdJson;
let vmId: string;

const GUEST = script(
  'workspace',
  [
    'echo "Workspace = \\"/srv/$(hostname)\\""',
    'echo "Slots = 2 * 3"',
    'echo "Tools = { \\"octave\\", \\"gnuplot\\" }"',
    'echo "Big = MemoryMiB > 64"',
  ]
    .map((line) => `${line} >>"$VMGRID_ATTRIBUTES"`)
    .join('\n'),
);

beforeAll(async () => {
  grid = await TestGrid.open('attributes', {
    hostActions: {
      'register-dns': `#!/bin/sh
# The classad of the VM comes on standard input.
name=$(sed -n 's/.*"HostName":"\\([^"]*\\)".*/\\1/p')
echo "DnsName = \\"$1.$name.example\\""
echo "HostUser = \\"$(id -un)\\""
`,
    },
  });
  vm = (await grid.client.create(order([GUEST, host('dns', 'register-dns', 'invigo')]))).vm;
  vmId = String(vm.VmId);
}, OPEN_GRID_MS);
afterAll(async () => expect((await grid?.close()) ?? []).toEqual([]), 60_000);

test('attributes of a guest action and of a host action are in the classad', () => {
  expect(vm).toMatchObject({
    Workspace: `/srv/${vm.HostName}`,
    Tools: ['octave', 'gnuplot'],
    Big: '/Expr(MemoryMiB > 64)/',
    DnsName: `invigo.${vm.HostName}.example`,
    ActionsRun: 2,
  });
  expect(vm.Slots).toBe('/Expr(2 * 3)/');
});

test('host actions run without the privileges of the plant', () => {
  if (process.getuid?.() === 0) expect(vm.HostUser).toBe('nobody');
  else expect(vm.HostUser).not.toBe('root');
});

test('query selects attributes by name, whatever their case; one that is not there is undefined', async () => {
  const reply = await grid.client.query({ vmId, attributes: ['workspace', 'DnsName', 'Nothing'] });
  expect(reply.vm).toEqual({ workspace: vm.Workspace, DnsName: vm.DnsName, Nothing: null });
  const answer = await http(grid, `/v1/vms/${vmId}?attributes=State,Slots`, { method: 'GET' });
  expect(answer.json).toEqual({ vm: { State: 'running', Slots: '/Expr(2 * 3)/' } });
});

test('query without names gives the whole classad', async () => {
  expect((await grid.client.query({ vmId })).vm).toEqual(vm);
});

test('list takes the VMs whose classad makes the constraint true', async () => {
  const ids = async (constraint: string) => (await grid.client.list({ constraint })).vms.map((one) => one.VmId);
  expect(await ids('MemoryMiB >= 128 && State == "running"')).toEqual([vmId]);
  expect(await ids('Slots == 6 && member("octave", Tools) && Big')).toEqual([vmId]);
  expect(await ids('MemoryMiB > 128')).toEqual([]);
  expect(await ids('NoSuchAttribute > 1')).toEqual([]);
});

test('attributes that are no ClassAd assignments, or the plant’s own, end the creation and leave nothing', async () => {
  const before = await grid.vmFolders();
  const telling = (line: string) => order([script('tell', `echo '${line}' >>"$VMGRID_ATTRIBUTES"`)]);
  await expect(grid.client.create(telling('this is no assignment'))).rejects.toMatchObject({
    code: 'ATTRIBUTES_INVALID',
    details: { actionId: 'tell' },
  });
  await expect(grid.client.create(telling('State = "mine"'))).rejects.toMatchObject({ code: 'ATTRIBUTES_INVALID' });
  expect(await grid.vmFolders()).toEqual(before);
}, 60_000);
