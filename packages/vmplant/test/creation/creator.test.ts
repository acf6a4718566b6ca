/** A creation whose machine never answers, because its image is broken. */
import { join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import { Admission } from '@vmgrid/bidding';
import { createLog, systemClock } from '@vmgrid/daemon';
import { GridError, type Identified, type CreateRequest as Request } from '@vmgrid/protocol';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import type { Machine, ProductionLine } from '../../../lines/src/production-line.ts';
import type { ImageFault } from '../../../warehouse/src/care/image-integrity.ts';
import type { ExecutablePlan } from '../../src/bids/executable-plan.ts';
import type { PlantConfig } from '../../src/config.ts';
import type { Configurator } from '../../src/configuration/configurator.ts';
import { Creator, type CreatorDeps } from '../../src/creation/creator.ts';
import { hostClock } from '../../src/leases/lease-clock.ts';
import { VmRegistry } from '../../src/vms/vm-registry.ts';
import { recordOf } from '../vms/made-up-records.ts';

const folder = useTemporaryFolder();
const NEVER = new AbortController().signal;
const { machine } = recordOf();
const silent = new GridError('GUEST_UNREACHABLE', 'the guest says nothing');
const fault: ImageFault = { imageId: 'octave', file: 'disk.raw', reason: 'a bit flipped' };

let registry: VmRegistry;
let admission: Admission;
/** Machines that were started, by the ids of their VMs. */
let started: string[];
let creator: Creator;

beforeEach(async () => {
  registry = await VmRegistry.open(join(folder(), 'vms'));
  admission = new Admission({ memoryMiB: 4_096, diskMiB: 40_960, cpusPerVm: 4, vms: 8 });
  started = [];
  const line = {
    createOverlay: async () => undefined,
    start: async ({ vmId }) => {
      started.push(vmId);
      return {
        state: { pid: 2 },
        guest: () => Promise.reject(silent),
        stop: async () => undefined,
      } as unknown as Machine;
    },
  } as Partial<ProductionLine> as ProductionLine;
  const disc = { path: '', written: Promise.resolve(), discard: async () => undefined };
  const configurator = { prepare: () => disc, removeDiscs: async () => undefined } as Partial<Configurator>;
  const image = { manifest: { id: 'octave', machine, history: [], boot: {} } };
  const deps = {
    ...{ registry, admission, hostClock, leases: { watch: () => undefined } },
    ...{ report: () => undefined, log: createLog('test', 'silent'), clock: systemClock },
    execution: { lines: new Map([['qemu', line]]), configurator, clock: systemClock, bootDeadlineMs: 60_000 },
    warehouse: {
      inventory: { examine: async () => fault },
      references: { acquire: async () => undefined, drop: async () => undefined },
    },
    nameVm: () => ({ vmId: `vm-${started.length + 1}`, hostName: 'host', macAddress: '02:00:00:00:00:01' }),
    plan: async () => ({ image, line: 'qemu', start: 'boot', cached: [], remaining: [] }) as unknown as ExecutablePlan,
  } as unknown as CreatorDeps;
  const config = { plantId: 'plant-1', guestNetwork: 'isolated', lease: { default: 'PT1H', maximum: 'PT4H' } };
  creator = new Creator(deps, config as PlantConfig);
});

const create = (more: Partial<Request>) =>
  creator.create(
    { requestId: 'request', machine, dag: { actions: [], edges: [] }, ...more } as Identified<Request>,
    NEVER,
  );

test('a machine whose image is broken is made of the next best, as often as there may be one, and nothing is left', async () => {
  await expect(create({})).rejects.toMatchObject({ code: 'IMAGE_CORRUPT', details: fault });
  expect(started).toEqual(['vm-1', 'vm-2', 'vm-3']);
  expect(registry.all()).toEqual([]);
  expect(admission.usage.vms).toBe(0);
});

test('not while the failed one is held for inspection: one request has one VM', async () => {
  const details = { ...fault, keptVmId: 'vm-1' };
  await expect(create({ keepFailed: true })).rejects.toMatchObject({ code: 'IMAGE_CORRUPT', details });
  expect(started).toEqual(['vm-1']);
  expect(registry.all().map(({ vmId, state }) => [vmId, state])).toEqual([['vm-1', 'failed']]);
  expect(admission.usage.vms).toBe(1);
});
