/**
 * The product's own parts of a plant, put together on a host, disk and clock that are virtual, for one run of its
 * process.
 */
import { Admission, type Capacity, OfferBook, OwnerBook, parseCost, RequestFingerprints } from '@vmgrid/bidding';
import type { Log } from '@vmgrid/daemon';
import { type LineName, type ProgressEvent, parseDuration } from '@vmgrid/protocol';
import {
  BidService,
  Collector,
  Configurator,
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
  VmPublisher,
  VmRegistry,
  watchMachine,
} from '@vmgrid/vmplant';
import type { Life } from '../world/life.ts';
import type { Random } from '../world/random.ts';
import type { Host } from './host.ts';
import { noSelfTending } from './not-simulated.ts';
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
  const vmPublisher = new VmPublisher({ plantId: config.plantId, run: nextRun(disk.database, clock.now()), clock });
  const requests = new RequestFingerprints();
  const living = new LivingMachines();
  const registry = await VmRegistry.open(disk.store(life), (...change) => vmPublisher.recorded(...change), requests);
  for (const record of registry.all()) vmPublisher.recorded(record);
  const admission = new Admission(capacity, { changed: () => publisher.changed() });
  const shared = {
    ...{ admission, guestNetwork: config.guestNetwork, bootDeadlineMs: BOOT_DEADLINE_MS },
    ...{ lines, living, registry, vmPublisher, hostActions, log, clock, hostClock, leases, changed, warehouse },
    durations: new LearntDurations(disk.database),
    destroyedVms: new DestroyedVms(disk.database, { requests, clock }),
    failures: new OwnFailures(clock),
    configurator: new Configurator({ hostActions, clock, discs: disk.shelf(life), bootDeadlineMs: BOOT_DEADLINE_MS }),
    report: (_: ProgressEvent) => undefined,
    requests,
    gate: new VmGate(),
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
      ...{ ...shared, warn: (record) => vmPublisher.leaseEnding(record) },
      suspend: (vmId, request) => suspender.suspend(vmId, request, unasked),
      collect: (vmId, request) => collector.collect(vmId, request),
    },
    config,
  );
  const cost = parseCost(config.cost);
  const bidService = new BidService(
    { ...shared, lines: reports, cost, version: VERSION, loadAverage: () => 0 },
    config,
  );
  const publisher = new OfferPublisher({
    rest: () => bidService.offerRest(),
    book: new OfferBook({ ...shared, owners: new OwnerBook() }),
    ...{ log, clock: { sleep: never } },
  });
  const plan = bidService.plan.bind(bidService);
  const plant = new Plant(
    {
      ...{ ...shared, bidService, collector, starter, suspender, leaseService, selfTending: noSelfTending },
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
  return { ...shared, collector, bidService, plant, publisher, onChange };
}

function nameVm(random: Random) {
  const id = random.uuid();
  return { vmId: `vm-${id}`, hostName: `vm-${id.slice(0, 8)}`, macAddress: '02:00:00:00:00:01' };
}
