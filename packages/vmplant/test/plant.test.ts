/** A plant's answers to an award, over generated parts. */
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { RequestFingerprints } from '@vmgrid/bidding';
import { createLog } from '@vmgrid/daemon';
import { type CreateRequest, GridError, type Identified } from '@vmgrid/protocol';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { v7 as uuid } from 'uuid';
import { BidService, type BidServiceDeps } from '../src/bids/bid-service.ts';
import type { PlantConfig } from '../src/config.ts';
import { OwnFailures } from '../src/creation/own-failures.ts';
import { openDatabaseInMemory } from '../src/database.ts';
import { Plant, type PlantDeps } from '../src/plant.ts';
import { DEPARTED_KEPT, DestroyedVms } from '../src/vms/destroyed-vms.ts';
import { VmPublisher } from '../src/vms/vm-publisher.ts';
import { VmRegistry } from '../src/vms/vm-registry.ts';
import { NOTHING_CANCELLED } from './cancellation/nothing-cancelled.ts';
import { recordOf } from './vms/made-up-records.ts';

const folder = useTemporaryFolder();
const NEVER = new AbortController().signal;
const tooLong = new GridError('DAG_TOO_LARGE', 'a DAG has 1 actions, this plant takes at most 0');
const orderOf = (requestId: string): Identified<CreateRequest> => ({
  ...{ requestId, machine: recordOf({}).machine },
  dag: { actions: [{ kind: 'script', id: 'a', script: 'true' }] },
});

test('a plant refuses DAGs that are longer than it takes, but not of a request whose VM it has', async () => {
  const registry = await VmRegistry.open(join(folder(), 'vms'));
  const { vmId, requestId } = recordOf({});
  await registry.add(recordOf({}));
  const deps: Partial<Record<keyof PlantDeps, unknown>> = {
    ...{ registry, requests: new RequestFingerprints(), failures: new OwnFailures({ now: () => 0 }) },
    ...{
      destroyedVms: { byRequest: () => undefined },
      log: createLog('test', 'silent'),
      changed: async () => undefined,
    },
    bidService: { dagRefusal: () => tooLong, refusal: () => undefined, expiry: () => undefined },
    selfTending: { during: (work: () => Promise<unknown>) => work() },
    vmPublisher: new VmPublisher({ plantId: 'plant-1', run: 1, clock: { now: () => 0 } }),
    canceller: NOTHING_CANCELLED,
    withNumbers: async (thrown: unknown) => thrown,
  };
  const plant = new Plant(deps as unknown as PlantDeps, { plantId: 'plant-1', concurrentCreations: 1 });
  const { create } = plant.handlers();
  expect(await create(orderOf(requestId), NEVER)).toMatchObject({ VmId: vmId });
  await expect(create(orderOf('another'), NEVER)).rejects.toBe(tooLong);
});

test('a plant carries out no request that it may have carried out and forgotten, and finds the VM of one that it remembers, which is destroyed', async () => {
  const now = Date.parse('2026-06-01T00:00:00Z');
  const clock = { now: () => now };
  const destroyedVms = new DestroyedVms(openDatabaseInMemory(), { requests: new RequestFingerprints(), clock });
  const ids = Array.from({ length: DEPARTED_KEPT + 1 }, (_, number) => uuid({ msecs: now - 86_400_000 + number }));
  for (const [number, id] of ids.entries()) destroyedVms.add(`vm-${number}`, id, { VmId: `vm-${number}` });
  const deps: Partial<Record<keyof PlantDeps, unknown>> = {
    ...{
      registry: await VmRegistry.open(join(folder(), 'vms')),
      requests: new RequestFingerprints(),
      destroyedVms,
    },
    ...{
      log: createLog('test', 'silent'),
      changed: async () => undefined,
      failures: new OwnFailures({ now: () => 0 }),
    },
    bidService: new BidService(
      { destroyedVms, clock } as unknown as BidServiceDeps,
      { plantId: 'plant-1' } as PlantConfig,
    ),
    selfTending: { during: (work: () => Promise<unknown>) => work() },
    vmPublisher: new VmPublisher({ plantId: 'plant-1', run: 1, clock }),
    canceller: NOTHING_CANCELLED,
    withNumbers: async (thrown: unknown) => thrown,
  };
  const plant = new Plant(deps as unknown as PlantDeps, { plantId: 'plant-1', concurrentCreations: 1 });
  const { create, estimate, renew } = plant.handlers();
  const expired = { code: 'REQUEST_EXPIRED', details: { plantId: 'plant-1' } };
  await expect(estimate(orderOf(ids[0]!), NEVER)).rejects.toMatchObject(expired);
  await expect(create(orderOf(ids[0]!), NEVER)).rejects.toMatchObject(expired);
  expect(await create(orderOf(ids[1]!), NEVER)).toEqual({ VmId: 'vm-1' });
  const destroyed = { code: 'VM_UNKNOWN', details: { plantId: 'plant-1', state: 'destroyed' } };
  await expect(renew({ vmId: 'vm-1', requestId: 'renewal', lease: 'PT1M' }, NEVER)).rejects.toMatchObject(destroyed);
});
