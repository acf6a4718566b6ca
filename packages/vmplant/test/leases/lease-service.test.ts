import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import { createLog, systemClock } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { type HostClock, hostClock } from '../../src/leases/lease-clock.ts';
import { LeaseService, type LeaseServiceDeps } from '../../src/leases/lease-service.ts';
import { Leases } from '../../src/leases/leases.ts';
import { moveTo, type VmRecord } from '../../src/vms/vm.ts';
import { VmRegistry } from '../../src/vms/vm-registry.ts';
import { recordOf } from '../vms/made-up-records.ts';

const folder = useTemporaryFolder();
const T0 = Date.parse('2026-01-01T00:00:00.000Z');
const clock: HostClock = { ...hostClock, now: () => T0 };
const limits = { default: 'PT4H', maximum: 'P1D', warning: 'PT10M', suspended: 'P2D' };
const log = createLog('test', 'silent');

/** The calls of the service, in order. */
const calls: string[] = [];
let registry: VmRegistry;
beforeEach(async () => {
  calls.length = 0;
  registry = await VmRegistry.open(join(folder(), 'vms'));
});

async function serviceWith(record: VmRecord, some: Partial<LeaseServiceDeps> = {}): Promise<LeaseService> {
  await registry.add(record);
  const silent = { ending: () => undefined, ended: () => undefined };
  const leases = new Leases({ clock: systemClock, hostClock: clock, listener: silent }, { warningMs: 0 });
  const watch = leases.watch.bind(leases);
  leases.watch = (vmId, lease) => {
    calls.push(`watch until ${lease.leaseEndsAt}`);
    watch(vmId, lease);
    leases.forgetAll();
  };
  const deps: LeaseServiceDeps = {
    ...{ registry, leases, hostClock: clock, log },
    suspend: async (vmId) => {
      calls.push(`suspend ${vmId}`);
      await registry.update(vmId, (one) => moveTo(one, 'suspended'));
    },
    collect: async (vmId) => void calls.push(`collect ${vmId}`),
    warn: ({ vmId, leaseEndsAt }) => void calls.push(`warn ${vmId} ${leaseEndsAt}`),
    changed: () => void calls.push('changed'),
    ...some,
  };
  return new LeaseService(deps, { lease: limits });
}

/** Ends the lease and waits until what follows is done. */
async function end(service: LeaseService): Promise<readonly string[]> {
  service.ended('vm-1');
  while (!calls.includes('changed')) await new Promise(setImmediate);
  return calls;
}

const renewal = (lease: string) => ({ requestId: 'longer', vmId: 'vm-1', lease });

test.each(['running', 'suspended', 'failed'] as const)(
  'a VM that is %s gets a new lease from now on',
  async (state) => {
    const service = await serviceWith(recordOf({ state }));
    expect(await service.renew(renewal('PT6H'))).toMatchObject({
      state,
      leaseEndsAt: '2026-01-01T06:00:00.000Z',
    });
    expect(calls).toEqual(['watch until 2026-01-01T06:00:00.000Z']);
  },
);

test('a renewal does not shorten a lease, unless it is to', async () => {
  const service = await serviceWith(recordOf());
  expect((await service.renew(renewal('PT1H'))).leaseEndsAt).toBe(recordOf().leaseEndsAt);
  expect(calls).toEqual([]);
  const shortened = await service.renew({ ...renewal('PT1H'), shorten: true });
  expect(shortened.leaseEndsAt).toBe('2026-01-01T01:00:00.000Z');
});

test('a lease beyond what the plant grants is refused, and the VM keeps the one it has', async () => {
  const service = await serviceWith(recordOf());
  await expect(service.renew(renewal('P2D'))).rejects.toMatchObject({
    code: 'LEASE_TOO_LONG',
    details: { maximum: 'P1D' },
  });
  expect(registry.get('vm-1').leaseEndsAt).toBe(recordOf().leaseEndsAt);
});

test('a VM that goes is not kept by a new lease', async () => {
  const service = await serviceWith(recordOf({ state: 'collecting' }));
  await expect(service.renew(renewal('PT1H'))).rejects.toMatchObject({ code: 'VM_STATE' });
});

test('a lease that ends soon is told with its end', async () => {
  const service = await serviceWith(recordOf());
  service.ending('vm-1');
  service.ending('vm-2');
  expect(calls).toEqual(['warn vm-1 2026-01-01T04:00:00.000Z']);
});

test('a VM is collected when its lease ends', async () => {
  expect(await end(await serviceWith(recordOf()))).toEqual(['collect vm-1', 'changed']);
});

test('a VM whose client chose so is suspended when its lease ends, for as long as the plant keeps such', async () => {
  const service = await serviceWith(recordOf({ atLeaseEnd: 'suspend' }));
  expect(await end(service)).toEqual(['suspend vm-1', 'watch until 2026-01-03T00:00:00.000Z', 'changed']);
  calls.length = 0;
  expect(await end(service)).toEqual(['collect vm-1', 'changed']);
});

test('a VM that cannot be suspended when its lease ends is collected: no lease ends in a leak', async () => {
  const suspend = async () => {
    throw new GridError('LINE_CANNOT_SUSPEND', 'no');
  };
  expect(await end(await serviceWith(recordOf({ atLeaseEnd: 'suspend' }), { suspend }))).toEqual([
    'collect vm-1',
    'changed',
  ]);
});

test('a new lease holds though it cannot be written down', async () => {
  const service = await serviceWith(recordOf());
  await mkdir(join(registry.directory('vm-1'), 'record.json.new'));
  await expect(service.renew(renewal('PT6H'))).rejects.toThrow('EISDIR');
  expect(calls).toEqual(['watch until 2026-01-01T06:00:00.000Z']);
  expect(registry.get('vm-1').leaseEndsAt).toBe('2026-01-01T06:00:00.000Z');
});
