/** A plant with one place, in which it builds unasked: what it offers meanwhile, and what an award finds. */
import { expect, test } from '@jest/globals';
import { Admission, parseCost } from '@vmgrid/bidding';
import { checkConfig, createLog, systemClock } from '@vmgrid/daemon';
import type { Dag } from '@vmgrid/dag';
import { GridError } from '@vmgrid/protocol';
import { BidService } from '../../src/bids/bid-service.ts';
import { PlantConfig } from '../../src/config.ts';
import { LearntDurations } from '../../src/creation/durations.ts';
import { OwnFailures } from '../../src/creation/own-failures.ts';
import { openDatabaseInMemory } from '../../src/database.ts';
import type { ImageBuilder } from '../../src/images/image-builder.ts';
import { SelfTending } from '../../src/tending/self-tending.ts';
import { base, lines, machine } from './recorded-requests.ts';

const config = checkConfig(
  PlantConfig,
  {
    ...{ plantId: 'plant-1', stateDirectory: '/state', warehouseDirectory: '/warehouse' },
    tending: { enabled: true, idleFor: 'PT0.01S', minimumSavedSeconds: 0 },
  },
  'plant',
);
const dag: Dag = { actions: [{ kind: 'script', id: 'a', script: 'install much' }] };
const database = openDatabaseInMemory();
const admission = new Admission({ memoryMiB: 256, diskMiB: 2_048, cpusPerVm: 1, vms: 1 });
const shared = {
  ...{ admission, lines, clock: systemClock, durations: new LearntDurations(database) },
  ...{ warehouse: { inventory: { images: async () => new Map([['base', base]]) } }, log: createLog('test', 'silent') },
};
const bidService = new BidService(
  {
    ...{ ...shared, destroyedVms: { forgottenUntil: 0 }, hostActions: { names: async () => [] } },
    ...{ failures: new OwnFailures(systemClock), cost: parseCost('memory'), version: '0.1.0', loadAverage: () => 0 },
  },
  config,
);

/** Holds its room until it is abandoned. */
function builderOf(begun: () => void): Pick<ImageBuilder, 'build'> {
  return {
    build: async (request, signal, options) => {
      admission.reserve('build', { ...request.machine, ...options });
      begun();
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      admission.release('build');
      throw new GridError('CANCELLED', 'the build was abandoned');
    },
  };
}

test('a build that nobody asked for is in no offer, goes on while bids are made, and is gone when an award is carried out', async () => {
  const { promise: isBuilding, resolve } = Promise.withResolvers<void>();
  const imageBuilder = builderOf(resolve) as ImageBuilder;
  const deps = { ...shared, database, imageBuilder, changed: () => undefined };
  const selfTending = new SelfTending(deps as never, config);
  const making = { at: systemClock.now(), phasesMs: {}, configuration: { history: [] } };
  const plan = { image: base, line: 'qemu', start: 'boot' } as const;
  for (const requestId of ['one', 'two']) selfTending.record({ requestId, machine, dag }, { ...making, plan });
  selfTending.start();
  await isBuilding;

  const nothing = { memoryMiB: 0, diskMiB: 0, vms: 0 };
  expect(admission.usage.vms).toBe(1);
  expect(await bidService.offerRest()).toMatchObject({ plant: { usage: nothing } });
  expect(await bidService.offer({ machine, dag })).toMatchObject({ kind: 'bid', ad: { VmCount: 0 } });
  expect(admission.refusal(machine)?.code).toBe('MEMORY_INSUFFICIENT');

  await selfTending.during(async () => admission.reserve('vm', machine));
  expect(await bidService.offerRest()).toMatchObject({ plant: { usage: { vms: 1 } } });
  await selfTending.stop();
  expect(admission.usage.vms).toBe(1);
});
