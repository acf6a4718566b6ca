import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Admission } from '@vmgrid/bidding';
import { type Clock, createLog, systemClock } from '@vmgrid/daemon';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import type { Machine, ProductionLine } from '../../../lines/src/production-line.ts';
import { Warehouse } from '../../../warehouse/src/warehouse.ts';
import { removeDiscs } from '../../src/configuration/config-disc-store.ts';
import { hostClock } from '../../src/leases/lease-clock.ts';
import { Leases } from '../../src/leases/leases.ts';
import { type RecoveryDeps, recover } from '../../src/lifecycle/recovery.ts';
import { LivingMachines } from '../../src/vms/living-machines.ts';
import type { VmRecord } from '../../src/vms/vm.ts';
import { VmRegistry } from '../../src/vms/vm-registry.ts';
import { recordOf } from '../vms/made-up-records.ts';

const folder = useTemporaryFolder();
const machineState = { pid: 1 };
/** Within the leases of made-up records. */
const clock: Clock = { ...systemClock, now: () => Date.parse('2026-01-01T01:00:00.000Z') };

/** The calls of recovery, in order. */
const calls: string[] = [];

const machine = (answer: Machine['guest']): Machine =>
  ({
    state: machineState,
    guest: answer,
    openNetwork: async () => ({ sshPort: 40_023 }),
    detach: () => void calls.push('detach'),
  }) as unknown as Machine;

const answering = machine(async () => ({ discDevice: '/dev/sr0', run: async function* () {} }) as never);

function lineWith(found: Machine | 'suspended' | undefined): ProductionLine {
  return {
    name: 'qemu',
    adopt: async () => {
      if (found === 'suspended') return { kind: 'suspended' };
      return found ? { kind: 'running', machine: found } : { kind: 'gone' };
    },
    kill: async (directory: string) => void calls.push(`kill ${directory}`),
  } as Partial<ProductionLine> as ProductionLine;
}

/** Recovers from records as an earlier run would have left them. */
async function recovered(
  found: Machine | 'suspended' | undefined,
  ...records: readonly VmRecord[]
): Promise<RecoveryDeps> {
  calls.length = 0;
  const before = await VmRegistry.open(join(folder(), 'vms'));
  for (const record of records) await before.add(record);
  const deps: RecoveryDeps = {
    lines: new Map([['qemu', lineWith(found)]]),
    registry: await VmRegistry.open(join(folder(), 'vms')),
    admission: new Admission({ memoryMiB: 1_024, diskMiB: 10_240, cpusPerVm: 1, vms: 8 }),
    living: new LivingMachines(),
    leases: new Leases(
      {
        ...{ clock, hostClock: { ...hostClock, now: clock.now } },
        listener: { ending: () => undefined, ended: (vmId) => void calls.push(`expire ${vmId}`) },
      },
      { warningMs: 0 },
    ),
    warehouse: await Warehouse.open(join(folder(), 'warehouse')),
    configurator: { removeDiscs },
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

test('a VM that was being started has failed, nothing of it runs, and it can be started again', async () => {
  const record = recordOf({ vmId: 'vm-1', state: 'starting', machineState });
  const { registry } = await recovered(answering, record);
  expect(calls).toEqual([`kill ${join(folder(), 'vms', 'vm-1')}`]);
  expect(registry.get('vm-1')).toMatchObject({ state: 'failed', failure: { code: 'GUEST_LOST' } });
});

test('a VM whose guest had powered itself off stays stopped, and takes no memory', async () => {
  const { registry, admission } = await recovered(
    undefined,
    recordOf({ vmId: 'vm-1', state: 'stopped', machineState }),
  );
  expect(registry.get('vm-1').state).toBe('stopped');
  expect(admission.usage).toEqual({ memoryMiB: 0, diskMiB: 2_048, vms: 1 });
});

test('a VM that waits for room on the disk stays paused while its guest cannot answer, and nobody waits for it', async () => {
  const record = recordOf({ vmId: 'vm-1', state: 'paused', machineState });
  const { registry, admission } = await recovered(
    machine(() => new Promise(() => undefined)),
    record,
  );
  expect(registry.get('vm-1').state).toBe('paused');
  expect(admission.usage).toEqual({ memoryMiB: 256, diskMiB: 2_048, vms: 1 });
});

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
  expect(calls).toEqual(['detach']);
});

test('a destruction is taken up again, with its machine or without', async () => {
  await recovered(undefined, recordOf({ vmId: 'vm-1', state: 'collecting', machineState }));
  expect(calls).toEqual(['collect vm-1']);
});

test('a VM that is suspended stays so, and takes no memory', async () => {
  const { registry, admission, living } = await recovered(
    'suspended',
    recordOf({ vmId: 'vm-1', state: 'suspended', machineState }),
  );
  expect(registry.get('vm-1').state).toBe('suspended');
  expect(admission.usage).toEqual({ memoryMiB: 0, diskMiB: 2_048, vms: 1 });
  expect(living.find('vm-1')).toBeUndefined();
});

test('one that the plant had suspended but not noted is noted, and is not reached any more', async () => {
  const { registry, admission } = await recovered('suspended', recordOf({ vmId: 'vm-1', machineState }));
  expect(registry.get('vm-1')).toMatchObject({ state: 'suspended' });
  expect(registry.get('vm-1').sshPort).toBeUndefined();
  expect(admission.usage.memoryMiB).toBe(0);
});

test('one that the plant had resumed but not noted runs, has its memory, and is reached where its network is now', async () => {
  const record = recordOf({ vmId: 'vm-1', state: 'suspended', machineState: { pid: 7 } });
  const { registry, admission, living } = await recovered(answering, record);
  expect(registry.get('vm-1')).toMatchObject({ state: 'running', sshPort: 40_023, machineState });
  expect(admission.usage.memoryMiB).toBe(256);
  expect(living.find('vm-1')?.machine).toBe(answering);
});

test('a suspended VM of which nothing is left has failed', async () => {
  const { registry } = await recovered(undefined, recordOf({ vmId: 'vm-1', state: 'suspended', machineState }));
  expect(registry.get('vm-1')).toMatchObject({ state: 'failed', failure: { code: 'GUEST_LOST' } });
});
