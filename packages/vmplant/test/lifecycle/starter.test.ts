import { join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import { Admission } from '@vmgrid/bidding';
import { createLog, systemClock } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import type { Guest, Machine, ProductionLine, StartOrder } from '../../../lines/src/production-line.ts';
import type { Warehouse } from '../../../warehouse/src/warehouse.ts';
import { Starter } from '../../src/lifecycle/starter.ts';
import { needOf } from '../../src/lifecycle/suspension.ts';
import { LivingMachines } from '../../src/vms/living-machines.ts';
import type { VmRecord } from '../../src/vms/vm.ts';
import { VmGate } from '../../src/vms/vm-gate.ts';
import { VmRegistry } from '../../src/vms/vm-registry.ts';
import { recordOf } from '../vms/made-up-records.ts';

const folder = useTemporaryFolder();
const NEVER = new AbortController().signal;
const broken = new GridError('VMM_FAILED', 'broken');
const readyAt = '2026-01-01T00:00:00.000Z';
const failure = new GridError('GUEST_LOST', 'the machine of vm-1 crashed').toBody();

/** The operations on machines, in order. */
const calls: string[] = [];
/** The call that fails. */
let failing: string;
let ordered: StartOrder | undefined;

async function call(name: string): Promise<void> {
  calls.push(name);
  if (failing === name) throw broken;
}

const guest = {
  discDevice: '/dev/sr0',
  async *run() {
    await call('set clock');
    yield 'awake';
  },
} as unknown as Guest;

const machine = {
  state: { pid: 2 },
  exited: new Promise(() => undefined),
  guest: async () => call('guest').then(() => guest),
  openNetwork: async () => call('open network').then(() => ({ sshPort: 40_100 })),
  detach: () => void calls.push('detach'),
} as unknown as Machine;

const line = {
  name: 'qemu',
  start: async (order) => {
    ordered = order;
    await call(order.start);
    return machine;
  },
  kill: () => call('kill'),
} as Partial<ProductionLine> as ProductionLine;

let registry: VmRegistry;
let admission: Admission;
let living: LivingMachines;
let starter: Starter;
let states: (string | undefined)[];

beforeEach(async () => {
  calls.length = 0;
  failing = '';
  states = [];
  registry = await VmRegistry.open(join(folder(), 'vms'), (record) => void states.push(record?.state));
  admission = new Admission({ memoryMiB: 256, diskMiB: 10_240, cpusPerVm: 1, vms: 8 });
  living = new LivingMachines();
  starter = new Starter({
    ...{ registry, admission, living, lines: new Map([['qemu', line]]), guestNetwork: 'isolated' },
    ...{ gate: new VmGate(), report: () => undefined, log: createLog('test', 'silent'), clock: systemClock },
    warehouse: { inventory: { image: async () => ({}) } } as unknown as Warehouse,
    watch: (vmId) => void calls.push(`watch ${vmId}`),
    bootDeadlineMs: 60_000,
  });
});

async function withVm(changes: Partial<VmRecord>): Promise<VmRecord> {
  const record = recordOf({ vmId: 'vm-1', readyAt, ...changes });
  await registry.add(record);
  admission.count(record.vmId, needOf(record));
  states.length = 0;
  return record;
}

const start = () => starter.start('vm-1', { requestId: 'request' }, NEVER);

test.each([{ state: 'failed', failure }, { state: 'stopped' }] as const)(
  'a VM that is %o boots from its own disk, as the machine that it was, and is reached again',
  async (changes) => {
    const { macAddress, hostName } = await withVm(changes);
    const record = await start();
    expect(record).toMatchObject({ state: 'running', sshPort: 40_100, machineState: { pid: 2 }, macAddress, hostName });
    expect(record.failure).toBeUndefined();
    expect(states).toEqual(['starting', 'running']);
    expect(ordered).toMatchObject({ start: 'boot', purpose: 'clone', macAddress });
    expect(calls).toEqual(['kill', 'boot', 'guest', 'set clock', 'open network', 'watch vm-1']);
    expect(living.get('vm-1').machine).toBe(machine);
    expect(admission.usage).toEqual({ memoryMiB: 256, diskMiB: 2_048, vms: 1 });
  },
);

test('a machine of a failed VM that still runs has cleared up after itself before the VM boots', async () => {
  await withVm({ state: 'failed', failure });
  const before = { ...machine, stop: () => call('stop the one before') } as Machine;
  living.add('vm-1', { machine: before, guest });
  await start();
  expect(calls.slice(0, 3)).toEqual(['stop the one before', 'kill', 'boot']);
  expect(living.get('vm-1').machine).toBe(machine);
});

test('to start what runs changes nothing', async () => {
  await withVm({});
  expect((await start()).state).toBe('running');
  expect(calls).toEqual([]);
});

test.each(['configuring', 'suspended', 'collecting', 'starting'] as const)(
  'a VM that is %s is not started',
  async (state) => {
    await withVm({ state });
    await expect(start()).rejects.toMatchObject({ code: 'VM_STATE', details: { state } });
    expect(calls).toEqual([]);
  },
);

test('a VM that failed as it was made has no whole disk, and is not started', async () => {
  const { readyAt: _, ...neverReady } = recordOf({ vmId: 'vm-1', state: 'failed', failure });
  await registry.add(neverReady);
  await expect(start()).rejects.toMatchObject({ code: 'VM_STATE', message: expect.stringContaining('never ready') });
});

test.each(['failed', 'stopped'] as const)('one that is %s stays so while there is no memory for it', async (state) => {
  await withVm({ state });
  const usage = admission.usage;
  admission.count('vm-2', { memoryMiB: 200, diskMiB: 1, cpus: 1 });
  await expect(start()).rejects.toMatchObject({ code: 'MEMORY_INSUFFICIENT' });
  expect(registry.get('vm-1').state).toBe(state);
  admission.release('vm-2');
  expect(admission.usage).toEqual(usage);
});

test.each(['boot', 'guest', 'open network'])(
  'when its %s fails nothing runs, the VM has failed and says why, and the next start makes it good',
  async (step) => {
    await withVm({ state: 'stopped' });
    failing = step;
    await expect(start()).rejects.toBe(broken);
    expect(calls.at(-1)).toBe('kill');
    expect(registry.get('vm-1')).toMatchObject({ state: 'failed', failure: { code: 'VMM_FAILED' } });
    expect(living.find('vm-1')).toBeUndefined();
    failing = '';
    expect((await start()).state).toBe('running');
  },
);
