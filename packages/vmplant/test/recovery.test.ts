import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Admission } from '@vmgrid/bidding';
import { createLog, type DeadlineClock, systemClock } from '@vmgrid/daemon';
import { discFiles } from '../src/configuration/disc-shelf.ts';
import { Leases } from '../src/leases.ts';
import type { Machine, ProductionLine } from '../src/lines/production-line.ts';
import { LivingMachines } from '../src/living-machines.ts';
import { type RecoveryDeps, recover } from '../src/recovery.ts';
import type { VmRecord } from '../src/vm.ts';
import { VmRegistry } from '../src/vm-registry.ts';
import { Warehouse } from '../src/warehouse/store.ts';
import { recordOf } from './made-up-records.ts';
import { useTemporaryFolder } from './temporary-folder.ts';

const folder = useTemporaryFolder();
const machineState = { pid: 1 };
/** Within the leases of made-up records. */
const clock: DeadlineClock = { ...systemClock, now: () => Date.parse('2026-01-01T01:00:00.000Z') };

/** What recovery asked for, in order. */
const calls: string[] = [];

const machine = (answer: Machine['guest']): Machine =>
  ({ guest: answer, release: () => void calls.push('release') }) as unknown as Machine;

const answering = machine(async () => ({ discDevice: '/dev/sr0', run: () => [] }) as never);

function lineWith(found: Machine | undefined): ProductionLine {
  return {
    name: 'qemu',
    adopt: async () => (found ? { kind: 'running', machine: found } : { kind: 'gone' }),
    kill: async (directory: string) => void calls.push(`kill ${directory}`),
  } as Partial<ProductionLine> as ProductionLine;
}

/** Recovers from records as an earlier run would have left them. */
async function recovered(found: Machine | undefined, ...records: readonly VmRecord[]): Promise<RecoveryDeps> {
  calls.length = 0;
  const before = await VmRegistry.open(join(folder(), 'vms'));
  for (const record of records) await before.add(record);
  const deps: RecoveryDeps = {
    lines: new Map([['qemu', lineWith(found)]]),
    registry: await VmRegistry.open(join(folder(), 'vms')),
    admission: new Admission({ memoryMiB: 1_024, diskMiB: 10_240, cpusPerVm: 1, vms: 8 }),
    living: new LivingMachines(),
    leases: new Leases(clock, (vmId) => void calls.push(`expire ${vmId}`)),
    warehouse: await Warehouse.open(join(folder(), 'warehouse')),
    configurator: { removeDiscs: discFiles.removeAll },
    clock,
    log: createLog('test', 'silent'),
    watch: (vmId) => void calls.push(`watch ${vmId}`),
    collect: async (vmId) => void calls.push(`collect ${vmId}`),
  };
  await recover(deps);
  deps.leases.forgetAll();
  return deps;
}

test.each(['planned', 'cloning', 'configuring'] as const)(
  'a VM that was %s is undone; its machine is ended by its folder, though nobody noted it',
  async (state) => {
    const { registry, admission } = await recovered(undefined, recordOf({ vmId: 'vm-1', state }));
    expect(calls).toEqual([`kill ${join(folder(), 'vms', 'vm-1')}`]);
    expect(registry.all()).toEqual([]);
    expect(admission.usage.vms).toBe(0);
    await expect(access(join(folder(), 'vms', 'vm-1'))).rejects.toMatchObject({ code: 'ENOENT' });
  },
);

test('a machine that runs is taken over', async () => {
  const { living, registry } = await recovered(answering, recordOf({ vmId: 'vm-1', state: 'running', machineState }));
  expect(living.find('vm-1')?.machine).toBe(answering);
  expect(registry.get('vm-1').state).toBe('running');
  expect(calls).toEqual(['watch vm-1']);
});

test('a machine that is gone has failed, and goes when its lease ends', async () => {
  const past = recordOf({ vmId: 'vm-1', state: 'running', machineState, leaseEndsAt: new Date(0).toISOString() });
  const { registry } = await recovered(undefined, past);
  expect(registry.get('vm-1')).toMatchObject({ state: 'failed', failure: { code: 'GUEST_LOST' } });
  expect(calls).toEqual(['expire vm-1']);
});

test('a machine that runs but does not answer has failed; it is let go, and ended with its VM', async () => {
  const silent = machine(async () => {
    throw new Error('no answer');
  });
  const { registry, living } = await recovered(silent, recordOf({ vmId: 'vm-1', state: 'running', machineState }));
  expect(registry.get('vm-1')).toMatchObject({ state: 'failed', failure: { code: 'GUEST_UNREACHABLE' } });
  expect(living.find('vm-1')).toBeUndefined();
  expect(calls).toEqual(['release']);
});

test('a destruction is taken up again, with its machine or without', async () => {
  await recovered(undefined, recordOf({ vmId: 'vm-1', state: 'collecting', machineState }));
  expect(calls).toEqual(['collect vm-1']);
});
