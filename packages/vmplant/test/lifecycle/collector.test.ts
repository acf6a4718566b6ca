/**
 * The collector over a real registry and database, which stand on a disk that can be filled.
 * @unshared
 */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from '@jest/globals';
import { Admission, RequestFingerprints } from '@vmgrid/bidding';
import { createLog, systemClock } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import { SmallDisk, WHY_NO_SMALL_DISK } from '@vmgrid/test-support/hosts/small-disk.ts';
import { testUnless } from '@vmgrid/test-support/jest/test-unless.ts';
import type { ProductionLine } from '../../../lines/src/production-line.ts';
import { openDatabase } from '../../src/database.ts';
import { Collector, type CollectorDeps } from '../../src/lifecycle/collector.ts';
import { DestroyedVms } from '../../src/vms/destroyed-vms.ts';
import { LivingMachines } from '../../src/vms/living-machines.ts';
import { VmGate } from '../../src/vms/vm-gate.ts';
import { VmRegistry } from '../../src/vms/vm-registry.ts';
import { recordOf } from '../vms/made-up-records.ts';

const test = testUnless(WHY_NO_SMALL_DISK);

const REQUEST = { requestId: 'destroy-1' };
let disk: SmallDisk;
let database: ReturnType<typeof openDatabase>;
let destroyedVms: DestroyedVms;
let registry: VmRegistry;
let admission: Admission;
let watched: string[];

beforeEach(async () => {
  disk = SmallDisk.mount(2);
  database = openDatabase(join(disk.path, 'plant.sqlite'));
  destroyedVms = new DestroyedVms(database, { requests: new RequestFingerprints(), clock: systemClock });
  registry = await VmRegistry.open(join(disk.path, 'vms'));
  admission = new Admission({ memoryMiB: 1_024, diskMiB: 10_240, cpusPerVm: 1, vms: 8 });
  watched = [];
  for (const vmId of ['vm-1', 'vm-2']) {
    const record = recordOf({ vmId, requestId: `create-${vmId}` });
    await registry.add(record);
    await writeFile(join(registry.directory(vmId), 'overlay.qcow2'), Buffer.alloc(100_000, 1));
    admission.count(vmId, record.machine);
  }
});
afterEach(() => {
  database.close();
  disk.unmount();
});

const collectorWith = (kill: () => Promise<void>): Collector => {
  const line = { name: 'qemu', kill } as unknown as ProductionLine;
  const deps: CollectorDeps = {
    ...{ registry, admission, destroyedVms, clock: systemClock, living: new LivingMachines(), gate: new VmGate() },
    lines: new Map([['qemu', line]]),
    configurator: undefined as unknown as CollectorDeps['configurator'],
    warehouse: { references: { drop: async () => undefined } } as unknown as CollectorDeps['warehouse'],
    leases: { forget: () => undefined, watch: (vmId, { leaseEndsAt }) => void watched.push(`${vmId} ${leaseEndsAt}`) },
    hostClock: { now: () => Date.parse('2026-01-01T00:00:00Z'), uptimeS: () => 0, bootId: () => 'boot' },
    report: () => undefined,
    log: createLog('test', 'silent'),
    wake: async () => undefined,
  };
  return new Collector(deps, { plantId: 'plant-1' });
};

test('a VM is destroyed though the disk is full, and its last words are kept in the room that it leaves', async () => {
  const collector = collectorWith(async () => undefined);
  disk.fill();
  const ad = await collector.collect('vm-1', REQUEST);
  expect(ad).toMatchObject({ VmId: 'vm-1', State: 'destroyed' });
  expect(destroyedVms.byVm('vm-1')).toEqual(ad);
  expect(existsSync(registry.directory('vm-1'))).toBe(false);
  expect(registry.all().map(({ vmId }) => vmId)).toEqual(['vm-2']);
  expect(admission.usage.vms).toBe(1);
});

test('what could not be written down on a full disk is written as soon as there is room', async () => {
  disk.fill();
  const failing = registry.update('vm-2', (record) => ({ ...record, sshPort: 1 }));
  await expect(failing).rejects.toMatchObject({ code: 'ENOSPC' });
  expect(registry.get('vm-2').sshPort).toBe(1);
  await collectorWith(async () => undefined).collect('vm-1', REQUEST);
  await registry.update('vm-2', (record) => record);
  expect((await VmRegistry.open(join(disk.path, 'vms'))).all()).toEqual([registry.get('vm-2')]);
});

test('a collection that fails is tried again a minute later, whoever asked for it', async () => {
  const collector = collectorWith(async () => {
    throw new GridError('VMM_FAILED', 'it does not end');
  });
  await expect(collector.collect('vm-1', REQUEST)).rejects.toMatchObject({ code: 'VMM_FAILED' });
  expect(watched).toEqual(['vm-1 2026-01-01T00:01:00.000Z']);
  expect(registry.get('vm-1').state).toBe('collecting');
});

test('a destruction DAG for which there is no machine has failed: the last words say so, and the VM goes', async () => {
  const destruction = { actions: [{ kind: 'script' as const, id: 'sign-off', script: 'true' }] };
  await registry.update('vm-1', (record) => ({ ...record, destruction }));
  const ad = await collectorWith(async () => undefined).collect('vm-1', REQUEST);
  expect(ad).toMatchObject({ State: 'destroyed', DestructionFailureCode: 'GUEST_LOST' });
  expect(ad.DestructionFailureMessage).toMatch(/^the destruction DAG failed: /);
  expect(registry.find('vm-1')).toBeUndefined();
});
