/**
 * The product's own parts of a plant, put together on a host, disk and clock that are virtual, for one run of its
 * process.
 */
import { Admission, type Capacity, HeldTokens, OfferBook, OwnerBook, parseCost } from '@vmgrid/bidding';
import type { Log } from '@vmgrid/daemon';
import { type LineName, type ProgressEvent, parseDuration } from '@vmgrid/protocol';
import {
  BidService,
  CancelledRequests,
  Canceller,
  Collector,
  Configurator,
  Creations,
  Creator,
  DestroyedVms,
  ImageBuilder,
  LearntDurations,
  LeaseService,
  Leases,
  LivingMachines,
  nextRun,
  OfferPublisher,
  OwnFailures,
  Plant,
  type PlantConfig,
  Reconfigurator,
  Starter,
  Suspender,
  VmGate,
  VmRegistry,
  VmTeller,
  watchMachine,
} from '@vmgrid/vmplant';
import type { Life } from '../world/life.ts';
import type { Random } from '../world/random.ts';
import type { Host } from './host.ts';
import { noSelfTending, noUploads } from './not-simulated.ts';
import type { PlantDisk } from './plant-disk.ts';
import { virtualImageService } from './virtual-image-service.ts';
import { type MachineFaults, VIRTUAL_LINE, VirtualLine } from './virtual-line.ts';
import { VirtualWarehouse } from './virtual-warehouse.ts';

export interface PlantGround {
  readonly life: Life;
  readonly disk: PlantDisk;
  readonly host: Host;
  /** Of this plant, over all its lives. */
  readonly random: Random;
  readonly log: Log;
}

export interface PlantPartsOptions {
  readonly config: PlantConfig;
  readonly capacity: Capacity;
  readonly faults: MachineFaults;
}

export const VERSION = 'simulated';
const BOOT_DEADLINE_MS = 60_000;
/** The load of a host on paper never changes. */
const never = () => new Promise<void>(() => undefined);

export async function makePlantParts(ground: PlantGround, { config, capacity, faults }: PlantPartsOptions) {
  const { life, disk, host, random, log } = ground;
  const { clock } = life;
  const machines = random.fork(`machines ${clock.monotonic()}`);
  const line = new VirtualLine({ life, host, disk, random: machines }, faults);
  const lines = new Map([[line.name as LineName, line]]);
  const reports = new Map([[VIRTUAL_LINE.line, VIRTUAL_LINE]]);
  const hostActions = { names: async () => [], requireAll: async () => undefined, run: async () => '' };
  const warehouse = new VirtualWarehouse(disk, life);
  let renewAd: () => Promise<void> = async () => undefined;
  const changed = () => renewAd();
  const hostClock = { now: clock.now, uptimeS: () => clock.monotonic() / 1_000, bootId: () => 'boot' };
  const leases: Leases = new Leases(
    {
      ...{ clock, hostClock },
      listener: { ending: (vmId) => leaseService.ending(vmId), ended: (vmId) => leaseService.ended(vmId) },
    },
    { warningMs: parseDuration(config.lease.warning) },
  );
  const vmTeller = new VmTeller({ plantId: config.plantId, run: nextRun(disk.database, clock.now()), clock });
  const requests = new HeldTokens();
  const living = new LivingMachines();
  const registry = await VmRegistry.open(disk.store(life), (...change) => vmTeller.recorded(...change), requests);
  for (const record of registry.all()) vmTeller.recorded(record);
  const admission = new Admission(capacity, { changed: () => publisher.changed() });
  const destroyedVms = new DestroyedVms(disk.database, { requests, clock });
  const shared = {
    ...{ admission, guestNetwork: config.guestNetwork, bootDeadlineMs: BOOT_DEADLINE_MS },
    ...{ lines, living, registry, vmTeller, hostActions, log, clock, hostClock, leases, changed, warehouse },
    durations: new LearntDurations(disk.database),
    destroyedVms,
    cancelled: new CancelledRequests(disk.database, { requests, destroyedVms }),
    failures: new OwnFailures(clock),
    configurator: new Configurator({ hostActions, clock, discs: disk.shelf(life) }),
    report: (_: ProgressEvent) => undefined,
    creations: new Creations(requests),
    gate: new VmGate(),
    uploads: noUploads,
    watch: (vmId: string) => void watchMachine(vmId, { admission, living, registry, log, changed }),
    nameVm: () => nameVm(random),
  };
  const suspender = new Suspender(shared);
  const starter = new Starter(shared);
  const unasked = new AbortController().signal;
  const collector = new Collector(
    {
      ...shared,
      wake: ({ vmId, state }, request) =>
        state === 'stopped' ? starter.start(vmId, request, unasked) : suspender.resume(vmId, request, unasked),
    },
    config,
  );
  const leaseService: LeaseService = new LeaseService(
    {
      ...{ ...shared, warn: (record) => vmTeller.leaseEnding(record) },
      suspend: (vmId, request) => suspender.suspend(vmId, request, unasked),
      collect: (vmId, request) => collector.collect(vmId, request),
    },
    config,
  );
  const cost = parseCost(config.cost);
  const canceller = new Canceller({ ...shared, collector });
  const bidService = new BidService(
    { ...shared, lines: reports, cost, version: VERSION, loadAverage: () => 0 },
    config,
  );
  const publisher = new OfferPublisher({
    rest: () => bidService.offerRest(),
    book: new OfferBook({ ...shared, requests, owners: new OwnerBook() }),
    ...{ log, clock: { sleep: never } },
  });
  const plan = bidService.plan.bind(bidService);
  const plant = new Plant(
    {
      ...{ ...shared, bidService, canceller, collector, starter, suspender, leaseService, selfTending: noSelfTending },
      withNumbers: async (thrown) => thrown,
      creator: new Creator({ ...shared, execution: shared, plan, record: () => undefined }, config),
      reconfigurator: new Reconfigurator(shared, config),
      imageBuilder: new ImageBuilder({ ...shared, execution: shared, plan, lines: reports }, config),
      equalityCheck: { check: () => Promise.reject(new Error('guests on paper are not compared')) },
      imageService: virtualImageService(warehouse, { plantId: config.plantId, warehouseId: disk.warehouseId }),
    },
    config,
  );
  const onChange = (listener: () => Promise<void>) => {
    renewAd = listener;
  };
  return { ...shared, canceller, collector, bidService, plant, publisher, onChange };
}

function nameVm(random: Random) {
  const id = random.uuid();
  return { vmId: `vm-${id}`, hostName: `vm-${id.slice(0, 8)}`, macAddress: '02:00:00:00:00:01' };
}
