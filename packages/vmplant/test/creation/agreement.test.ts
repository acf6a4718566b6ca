/** Bid, plan, explanation, award and classad of one request say the same: image, line, start, and how many actions. */
import { join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import {
  Admission,
  type BiddingSnapshot,
  choosePlan,
  explainRequest,
  ImageIndex,
  makeOffer,
  parseCost,
  planOfVm,
} from '@vmgrid/bidding';
import { ClassAd } from '@vmgrid/classad';
import { createLog, systemClock } from '@vmgrid/daemon';
import { digestAction } from '@vmgrid/dag';
import type { Machine, ProductionLine } from '@vmgrid/lines';
import { adToJson, type CreateRequest, type Identified } from '@vmgrid/protocol';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { toEnd } from '@vmgrid/test-support/jest/to-end.ts';
import fc from 'fast-check';
import { worldOf } from '../../../bidding/test/planner/made-up-warehouses.ts';
import type { PlantConfig } from '../../src/config.ts';
import type { ConfigurationJob } from '../../src/configuration/configuration-job.ts';
import type { Configurator } from '../../src/configuration/configurator.ts';
import { Creator, type CreatorDeps } from '../../src/creation/creator.ts';
import { hostClock } from '../../src/leases/lease-clock.ts';
import { vmAd } from '../../src/vms/reporter.ts';
import { VmRegistry } from '../../src/vms/vm-registry.ts';

const folder = useTemporaryFolder();
let registry: VmRegistry;
let made = 0;
beforeEach(async () => {
  registry = await VmRegistry.open(join(folder(), 'vms'));
});

/** Lines that start nothing, and note which of them was told to. */
function linesOf(started: string[]): ReadonlyMap<string, ProductionLine> {
  const guest = { discDevice: '/dev/sr0', run: async function* () {} };
  const machine = { state: {}, guest: async () => guest, stop: async () => undefined } as unknown as Machine;
  const lineOf = (name: string) => ({
    name,
    createOverlay: async () => undefined,
    start: async ({ image, start }: Parameters<ProductionLine['start']>[0]) => {
      started.push(`${start} ${image.manifest.id} on ${name}`);
      return machine;
    },
  });
  return new Map(['qemu', 'uml'].map((name) => [name, lineOf(name) as unknown as ProductionLine]));
}

/** Does every action at once. */
const configurator = {
  prepare: () => ({ path: '', written: Promise.resolve(), discard: async () => undefined }),
  configure: async ({ actions }: ConfigurationJob) => ({
    history: actions.map((action) => ({
      ...{ digest: digestAction(action), id: action.id, kind: action.kind, seconds: 1 },
      ranAt: '2026-01-01T00:00:00Z',
    })),
    ...{ failedActions: [], attributes: {}, secret: false, hasRestarted: false },
  }),
} as Partial<Configurator> as Configurator;

test('bid, plan, explanation, award and classad agree on image, line, start and actions', async () => {
  const property = fc.asyncProperty(worldOf(6, 5), async ({ machine, dag, changes, lines, durations }) => {
    const added = changes.flatMap((change) => ('add' in change ? [change.add] : []));
    const images = [...new Map(added.map((image) => [image.manifest.id, image])).values()];
    const snapshot: BiddingSnapshot = {
      ...{ plantId: 'plant-1', now: 0, bidValidityMs: 30_000, lines, durations, refusal: () => undefined },
      ...{ ad: ClassAd.of({}), cost: parseCost('seconds'), images: ImageIndex.of(images) },
    };
    const request = { machine, dag };
    const offer = makeOffer(request, snapshot);
    if (offer.kind !== 'bid') return;
    const plan = choosePlan(request, snapshot);
    const started: string[] = [];
    made += 1;
    const deps = {
      ...{ registry, hostClock, leases: { watch: () => undefined }, living: { add: () => undefined } },
      ...{ report: () => undefined, log: createLog('test', 'silent'), clock: systemClock, watch: () => undefined },
      admission: new Admission({ memoryMiB: 4_096, diskMiB: 40_960, cpusPerVm: 4, vms: 8 }),
      execution: { lines: linesOf(started), configurator, clock: systemClock, bootDeadlineMs: 60_000 },
      warehouse: { references: { acquire: async () => undefined, drop: async () => undefined }, inventory: {} },
      ...{ durations: { learn: () => undefined, meet: () => undefined }, record: () => undefined },
      nameVm: () => ({ vmId: `vm-${made}`, hostName: 'host', macAddress: '02:00:00:00:00:01' }),
      plan: async () => plan,
    } as unknown as CreatorDeps;
    const config = { plantId: 'plant-1', guestNetwork: 'isolated', lease: { default: 'PT1H', maximum: 'PT4H' } };
    const create = { requestId: `request-${made}`, ...request } as Identified<CreateRequest>;
    const record = await new Creator(deps, config as PlantConfig).create(create, new AbortController().signal);

    const { imageId, line, start, actionsCached } = offer.plan;
    expect(offer.ad.Line).toBe(line);
    expect(started).toEqual([`${start} ${imageId} on ${line}`]);
    const ad = adToJson(vmAd(record, 'plant-1'));
    expect(planOfVm(ad)).toMatchObject({ imageId, line, start, actionsCached });
    expect(ad).toMatchObject({ Line: line, ActionsCached: actionsCached, ActionsRun: offer.plan.actionsLeft });
    expect(record.history).toHaveLength(dag.actions.length);
    const { chosen } = toEnd(explainRequest(request, { images, lines, durations }, { top: 1 }));
    expect(chosen).toMatchObject({ imageId, line, start, expectedSeconds: offer.plan.expectedSeconds });
    expect([chosen!.cached.length, chosen!.remaining.length]).toEqual([actionsCached, offer.plan.actionsLeft]);
  });
  await fc.assert(property, { numRuns: 150 });
}, 120_000);
