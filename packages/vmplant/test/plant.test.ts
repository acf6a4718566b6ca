/** What a plant answers to an award, over made-up parts. */
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { HeldTokens } from '@vmgrid/bidding';
import { createLog } from '@vmgrid/daemon';
import { type CreateRequest, GridError, type Identified } from '@vmgrid/protocol';
import { Creations } from '../src/creations.ts';
import { OwnFailures } from '../src/own-failures.ts';
import { Plant, type PlantDeps } from '../src/plant.ts';
import { VmRegistry } from '../src/vm-registry.ts';
import { recordOf } from './made-up-records.ts';
import { useTemporaryFolder } from './temporary-folder.ts';

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
    ...{ registry, creations: new Creations(new HeldTokens()), failures: new OwnFailures({ now: () => 0 }) },
    ...{ departed: { byRequest: () => undefined }, log: createLog('test', 'silent'), changed: async () => undefined },
    bidDesk: { dagRefusal: () => tooLong, refusal: () => undefined, expiry: () => undefined },
    selfTending: { during: (work: () => Promise<unknown>) => work() },
    withNumbers: async (thrown: unknown) => thrown,
  };
  const plant = new Plant(deps as unknown as PlantDeps, { plantId: 'plant-1', concurrentCreations: 1 });
  const { create } = plant.handlers();
  expect(await create(orderOf(requestId), NEVER)).toMatchObject({ VmId: vmId });
  await expect(create(orderOf('another'), NEVER)).rejects.toBe(tooLong);
});
