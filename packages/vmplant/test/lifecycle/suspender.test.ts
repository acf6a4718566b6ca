import { join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import { Admission } from '@vmgrid/bidding';
import { createLog, systemClock } from '@vmgrid/daemon';
import { GridError, type OwnerLimits } from '@vmgrid/protocol';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import type { Adoption, Guest, Machine, ProductionLine } from '../../../lines/src/production-line.ts';
import type { Warehouse } from '../../../warehouse/src/warehouse.ts';
import { Suspender } from '../../src/lifecycle/suspender.ts';
import { needOf } from '../../src/lifecycle/suspension.ts';
import { LivingMachines } from '../../src/vms/living-machines.ts';
import { moveTo, type VmRecord } from '../../src/vms/vm.ts';
import { VmGate } from '../../src/vms/vm-gate.ts';
import { VmRegistry } from '../../src/vms/vm-registry.ts';
import { VmFolders } from '../../src/vms/vm-store.ts';
import { recordOf } from '../vms/made-up-records.ts';

const folder = useTemporaryFolder();
const NEVER = new AbortController().signal;
const CAPACITY = { memoryMiB: 512, diskMiB: 10_240, cpusPerVm: 1, vms: 8 };
const broken = new GridError('VMM_FAILED', 'broken');
const full = new GridError('HOST_DISK_FULL', 'full');

/** The operations on machines, in order. */
const calls: string[] = [];
/** Calls that fail. */
const failing = new Set<string>();

async function call(name: string): Promise<void> {
  calls.push(name);
  if (failing.has(name)) throw broken;
}

const guest = {
  discDevice: '/dev/sr0',
  async *run() {
    await call('set clock');
    yield 'done';
  },
} as unknown as Guest;

const machine = {
  state: { pid: 2 },
  exited: new Promise(() => undefined),
  guest: async () => call('guest').then(() => guest),
  openNetwork: async () => call('open network').then(() => ({ sshPort: 40_100 })),
  suspend: () => call('suspend'),
  detach: () => void calls.push('detach'),
} as unknown as Machine;

let adoption: Adoption['kind'];
const line = {
  name: 'qemu',
  start: async ({ start }) => call(start).then(() => machine),
  adopt: async () => ({ kind: adoption }),
} as Partial<ProductionLine> as ProductionLine;

/** Whose disk is full while `write` fails. */
class FullFolders extends VmFolders {
  override async write(record: VmRecord): Promise<void> {
    if (failing.has('write')) throw full;
    await super.write(record);
  }
}

let registry: VmRegistry;
let admission: Admission;
let ownerLimits: OwnerLimits;
let living: LivingMachines;
let suspender: Suspender;

beforeEach(async () => {
  calls.length = 0;
  failing.clear();
  adoption = 'suspended';
  registry = await VmRegistry.open(new FullFolders(join(folder(), 'vms')));
  ownerLimits = { memoryMiB: 300 };
  admission = new Admission(CAPACITY, { limitsOf: () => ownerLimits });
  living = new LivingMachines();
  const warehouse = { inventory: { image: async () => ({}) } } as unknown as Warehouse;
  suspender = new Suspender({
    ...{ registry, admission, living, warehouse, lines: new Map([['qemu', line]]) },
    ...{ gate: new VmGate(), report: () => undefined, log: createLog('test', 'silent'), clock: systemClock },
    watch: (vmId) => void calls.push(`watch ${vmId}`),
    guestNetwork: 'isolated',
  });
});

async function withVm(changes: Partial<VmRecord>): Promise<void> {
  const record = recordOf(changes);
  await registry.add(record);
  admission.count(record.vmId, needOf(record));
  if (record.state === 'running') living.add(record.vmId, { machine, guest });
}

const suspend = () => suspender.suspend('vm-1', { requestId: 'request' }, NEVER);
const resume = () => suspender.resume('vm-1', { requestId: 'request' }, NEVER);

test('a suspended VM is not reached, has no machine and leaves its memory to others', async () => {
  await withVm({});
  const { sshPort: _, ...record } = recordOf({ state: 'suspended' });
  expect(await suspend()).toEqual(record);
  expect(registry.get('vm-1')).toEqual(record);
  expect(living.find('vm-1')).toBeUndefined();
  expect(admission.usage).toEqual({ memoryMiB: 0, diskMiB: 2_048, vms: 1 });
  expect(calls).toEqual(['suspend']);
});

test('to suspend what is suspended, and to resume what runs, changes nothing', async () => {
  await withVm({ state: 'suspended' });
  expect((await suspend()).state).toBe('suspended');
  await resume();
  calls.length = 0;
  expect((await resume()).state).toBe('running');
  expect(calls).toEqual([]);
});

test.each(['configuring', 'failed', 'collecting'] as const)(
  'a VM that is %s is neither suspended nor resumed',
  async (state) => {
    await withVm({ state });
    await expect(suspend()).rejects.toMatchObject({ code: 'VM_STATE', details: { state } });
    await expect(resume()).rejects.toMatchObject({ code: 'VM_STATE', details: { state } });
  },
);

test('a suspension that fails leaves the VM running, reached at the port that its network has now', async () => {
  await withVm({});
  failing.add('suspend');
  await expect(suspend()).rejects.toBe(broken);
  expect(registry.get('vm-1')).toMatchObject({ state: 'running', sshPort: 40_100 });
  expect(living.get('vm-1').machine).toBe(machine);
  expect(admission.usage.memoryMiB).toBe(256);
  expect(calls).toEqual(['suspend', 'open network']);
});

test('a VM whose machine ends by itself as it is being suspended has failed, and whoever suspends it is told so', async () => {
  await withVm({});
  const suspended = expect(suspend()).rejects.toMatchObject({ code: 'GUEST_LOST', details: { state: 'failed' } });
  await registry.update('vm-1', (record) => moveTo(record, 'failed'));
  await suspended;
  expect(registry.get('vm-1').state).toBe('failed');
});

test('a VM that the full disk stopped as it was being suspended is suspended all the same', async () => {
  await withVm({});
  const suspended = suspend();
  await registry.update('vm-1', (record) => moveTo(record, 'paused', { failure: broken.toBody() }));
  const { sshPort: _, ...record } = recordOf({ state: 'suspended' });
  expect(await suspended).toEqual(record);
});

test('a VM is resumed within what its owner may have on the plant', async () => {
  await withVm({ state: 'suspended', owner: 'ada' });
  admission.reserve('vm-2', { memoryMiB: 128, diskMiB: 64, cpus: 1, owner: 'ada' });
  const details = { used: 128, wanted: 256, limit: 300 };
  await expect(resume()).rejects.toMatchObject({ code: 'OWNER_MEMORY_LIMIT', details });
  expect(registry.get('vm-1').state).toBe('suspended');
  admission.release('vm-2');
  expect((await resume()).state).toBe('running');
});

test('a VM is resumed though its owner may have fewer VMs and disks by now, and the plant: it has these already', async () => {
  await withVm({ state: 'suspended', owner: 'ada' });
  for (const vmId of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'])
    admission.count(vmId, { memoryMiB: 0, diskMiB: 2_048, cpus: 1 });
  ownerLimits = { memoryMiB: 256, vms: 0, diskMiB: 0 };
  expect((await resume()).state).toBe('running');
  expect(admission.usage).toEqual({ memoryMiB: 256, diskMiB: 9 * 2_048, vms: 9 });
});

test('a resumed VM goes on with its clock set before its network opens', async () => {
  await withVm({ state: 'suspended' });
  expect(await resume()).toMatchObject({ state: 'running', sshPort: 40_100, machineState: { pid: 2 } });
  expect(calls).toEqual(['resume', 'guest', 'set clock', 'open network', 'watch vm-1']);
  expect(admission.usage.memoryMiB).toBe(256);
  expect(living.get('vm-1')).toEqual({ machine, guest });
});

test('a VM for which there is no memory now stays suspended, and says what lacks', async () => {
  await withVm({ state: 'suspended' });
  admission.count('another', { memoryMiB: 400, diskMiB: 0, cpus: 1 });
  await expect(resume()).rejects.toMatchObject({ code: 'MEMORY_INSUFFICIENT' });
  expect(registry.get('vm-1').state).toBe('suspended');
  expect(admission.usage).toEqual({ memoryMiB: 400, diskMiB: 2_048, vms: 2 });
  expect(calls).toEqual([]);
});

test('a resumption that fails leaves the VM suspended and gives its memory back', async () => {
  await withVm({ state: 'suspended' });
  failing.add('resume');
  await expect(resume()).rejects.toBe(broken);
  expect(registry.get('vm-1').state).toBe('suspended');
  expect(admission.usage.memoryMiB).toBe(0);
});

test('when the line says that nothing is left to resume, the VM has failed', async () => {
  await withVm({ state: 'suspended' });
  failing.add('resume');
  adoption = 'gone';
  await expect(resume()).rejects.toBe(broken);
  expect(registry.get('vm-1')).toMatchObject({ state: 'failed', failure: { code: 'VMM_FAILED' } });
});

test('a VM that runs again but does not answer has failed; its machine is let go of and ends with it', async () => {
  await withVm({ state: 'suspended' });
  failing.add('guest');
  await expect(resume()).rejects.toBe(broken);
  expect(registry.get('vm-1')).toMatchObject({ state: 'failed', machineState: { pid: 2 } });
  expect(calls).toEqual(['resume', 'guest', 'detach']);
  expect(admission.usage.memoryMiB).toBe(256);
});

test('while records cannot be written, a VM that was suspended leaves its memory to others all the same', async () => {
  await withVm({});
  failing.add('write');
  await expect(suspend()).rejects.toBe(full);
  expect(registry.get('vm-1').state).toBe('suspended');
  expect(admission.usage.memoryMiB).toBe(0);
});

test('while records cannot be written, a VM that runs again is reached, and watched over', async () => {
  await withVm({ state: 'suspended' });
  failing.add('write');
  await expect(resume()).rejects.toBe(full);
  expect(registry.get('vm-1')).toMatchObject({ state: 'running', sshPort: 40_100 });
  expect(living.get('vm-1').machine).toBe(machine);
  expect(calls).toContain('watch vm-1');
});

test.each([
  ['resume', { adoption: 'gone' as const, state: 'failed', calls: ['resume'] }],
  ['guest', { adoption: 'suspended' as const, state: 'failed', calls: ['resume', 'guest', 'detach'] }],
])(
  'while records cannot be written, a resumption that fails as of %s says why, and lets go of the machine',
  async (call, then) => {
    await withVm({ state: 'suspended' });
    adoption = then.adoption;
    for (const one of ['write', call]) failing.add(one);
    await expect(resume()).rejects.toBe(broken);
    expect(registry.get('vm-1').state).toBe(then.state);
    expect(calls).toEqual(then.calls);
  },
);
