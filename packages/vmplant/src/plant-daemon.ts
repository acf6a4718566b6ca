/** Puts the plant together, recovers what an earlier run left, and dials its upstreams. */
import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { ofOwner, type Security } from '@vmgrid/access';
import {
  Admission,
  checkCost,
  HeldTokens,
  type LimitsOfOwners,
  OfferBook,
  OwnerBook,
  parseCost,
} from '@vmgrid/bidding';
import { type Log, makeFolder, oneAtATime, type RunningDaemon, systemClock } from '@vmgrid/daemon';
import { Cgroups, hostMemory, nameWhatIsFull, requirePassage } from '@vmgrid/host';
import type { FindImages } from '@vmgrid/lines';
import { endOnAnyLine, makeLines, ProbedLines } from '@vmgrid/lines';
import { adToJson, type LinkAbove, type ProgressEvent, parseDuration, Upstreams } from '@vmgrid/protocol';
import { ImageWatch, Warehouse } from '@vmgrid/warehouse';
import { BidService } from './bids/bid-service.ts';
import { findCapacity } from './bids/capacity.ts';
import { OfferPublisher } from './bids/offer-publisher.ts';
import type { PlantConfig } from './config.ts';
import { discFiles } from './configuration/config-disc-store.ts';
import { Configurator } from './configuration/configurator.ts';
import { HostActions } from './configuration/host-actions.ts';
import { Reconfigurator } from './configuration/reconfigurator.ts';
import { Creations } from './creation/creations.ts';
import { Creator } from './creation/creator.ts';
import { LearntDurations } from './creation/durations.ts';
import { OwnFailures } from './creation/own-failures.ts';
import { nextRun, openDatabase } from './database.ts';
import { EqualityCheck } from './equality/equality-check.ts';
import type { openPlantDoor } from './http/plant-door.ts';
import { IdentityCheck } from './identity/identity-check.ts';
import { ImageBuilder } from './images/image-builder.ts';
import { ImageService } from './images/image-service.ts';
import { hostClock } from './leases/lease-clock.ts';
import { LeaseService } from './leases/lease-service.ts';
import { Leases } from './leases/leases.ts';
import { Collector } from './lifecycle/collector.ts';
import { recover } from './lifecycle/recovery.ts';
import { Starter } from './lifecycle/starter.ts';
import { Suspender } from './lifecycle/suspender.ts';
import { Plant } from './plant.ts';
import { SelfTending } from './tending/self-tending.ts';
import { DestroyedVms } from './vms/destroyed-vms.ts';
import { faultHere } from './vms/fault-here.ts';
import { nameVm } from './vms/identity.ts';
import { LivingMachines } from './vms/living-machines.ts';
import { watchMachine } from './vms/machine-watch.ts';
import type { ReportProgress } from './vms/phases.ts';
import { VmGate } from './vms/vm-gate.ts';
import { type RecordObserver, VmRegistry } from './vms/vm-registry.ts';
import { VmTeller } from './vms/vm-teller.ts';

export interface PlantDaemon extends RunningDaemon {
  /** Resolves when the first upstream that it dials knows the plant; at once when it dials none. */
  readonly joined: Promise<void>;
  /** Of the plant's own door; undefined when there is none. */
  readonly httpPort: number | undefined;
}

export async function startPlant(
  config: PlantConfig,
  security: Security,
  version: string,
  log: Log,
): Promise<PlantDaemon> {
  const parts = await makeParts(config, version, log);
  const { bidService, collector, registry, upstreams, living, leases, plant, selfTending, vmTeller } = parts;
  await recover({ ...parts, collect: (vmId) => collector.collect(vmId, { requestId: `recovery-${vmId}` }) });

  await parts.groups?.removeAllBut(registry.all().map(({ vmId }) => registry.directory(vmId)));

  const unknown = checkCost(parseCost(config.cost), await bidService.ad());
  if (unknown.length > 0) log.warn({ cost: config.cost, unknown }, 'the cost expression names what is not there');
  let ad = adToJson(await bidService.ad());
  const publisher = new OfferPublisher({
    rest: () => bidService.offerRest(),
    book: parts.book,
    ...{ log, clock: systemClock },
  });
  parts.onChange(async () => {
    ad = adToJson(await bidService.ad());
    upstreams.notify('ad', ad);
    await publisher.changed();
  });
  parts.onUsage(() => void publisher.changed());
  // The first base image brings the kernel that KVM is tried with.
  const imagesChanged = oneAtATime(async () => {
    const told = (err: unknown) =>
      log.error({ err }, 'the lines could not be tried with the kernel of a new base image');
    await parts.probed.look().catch(told);
    parts.changed();
  });
  const imageWatch = new ImageWatch({ ...parts, changed: imagesChanged, log });
  const processId = randomUUID();
  const hello = () => ({ plantId: config.plantId, version, ad, processId });
  const handlers = plant.handlers();
  const opened = (link: LinkAbove) => {
    vmTeller.opened(link);
    publisher.opened(link);
  };
  const ended = (link: LinkAbove) => {
    vmTeller.ended(link);
    publisher.ended(link);
  };
  const { trust } = security;
  const lower = { hello, handlers, opened, log, trust };
  const acceptLinks = (server: Server) => upstreams.accept(server, { ...lower, ended });
  const door =
    config.httpPort === undefined
      ? undefined
      : await openDoor({ ...parts, ...security, handlers, hello, acceptLinks, log }, config, config.httpPort);
  if (door) parts.onProgress(door.report);
  const joined = upstreams.dial({ ...lower, urls: config.upstreams });
  log.info({ plantId: config.plantId, upstreams: config.upstreams, vms: registry.all().length }, 'the plant is open');

  selfTending.start();

  return {
    joined,
    httpPort: door?.httpPort,
    async drain(signal) {
      await Promise.all([plant.drain(signal), selfTending.stop(), door?.drain()]);
      leases.forgetAll();
      imageWatch.close();
      publisher.close();
      await upstreams.close();
      await door?.close();
      living.detachAll();
      parts.database.close();
    },
  };
}

/** Loads what serves HTTP only where a plant has a door: a plant without one starts in two thirds of the time. */
const openDoor: typeof openPlantDoor = async (...parts) =>
  (await import('./http/plant-door.ts')).openPlantDoor(...parts);

function limitsOfOwners({ ownerLimits = {} }: PlantConfig): LimitsOfOwners {
  const names = Object.keys(ownerLimits.owners ?? {});
  return {
    others: ownerLimits.default ?? {},
    named: new Map(names.map((owner) => [owner, ofOwner(ownerLimits, owner)])),
  };
}

/** Every part, wired; nothing runs yet. */
async function makeParts(config: PlantConfig, version: string, log: Log) {
  const cost = parseCost(config.cost);
  makeFolder(config.stateDirectory, 0o711);
  const database = openDatabase(join(config.stateDirectory, 'plant.sqlite'));
  const groups = config.cgroup && (await Cgroups.open({ ...config.cgroup, plantId: config.plantId }));
  const images: FindImages = () => warehouse.images();
  const lines = makeLines(config.lines, { ...config, images, ...(groups && { groups }) });
  const warehouse = await Warehouse.open(config.warehouseDirectory, {
    owner: config.plantId,
    endMachine: (directory) => endOnAnyLine(lines, directory),
    ...(config.warehouseQuotaMiB === undefined ? {} : { quotaMiB: config.warehouseQuotaMiB }),
  });
  requirePassage(config);
  const probed = await ProbedLines.probe({ lines, images, log });
  const { reports } = probed;
  const upstreams = new Upstreams();
  const hostActions = new HostActions(config.hostActionDirectory);
  const living = new LivingMachines();
  const run = nextRun(database, systemClock.now());
  const vmTeller = new VmTeller({ plantId: config.plantId, run, clock: systemClock });
  const requests = new HeldTokens();
  const owners = new OwnerBook(limitsOfOwners(config));
  const tellRecord: RecordObserver = (...change) => vmTeller.recorded(...change);
  const registry = await VmRegistry.open(join(config.stateDirectory, 'vms'), tellRecord, requests);
  for (const record of registry.all()) vmTeller.recorded(record);
  const leases: Leases = new Leases(
    {
      ...{ clock: systemClock, hostClock },
      listener: { ending: (vmId) => leaseService.ending(vmId), ended: (vmId) => leaseService.ended(vmId) },
    },
    { warningMs: parseDuration(config.lease.warning) },
  );
  const admission = new Admission(await findCapacity(config), {
    changed: () => publish(),
    limitsOf: (owner) => owners.limitsOf(owner),
    ownerChanged: (owner, usage) => owners.note(owner, usage),
    // Machines on paper take none.
    ...(config.lines.some((line) => line !== 'simulated') && { availableMemoryMiB: () => hostMemory().availableMiB }),
  });
  const shared = {
    ...{
      admission,
      lines,
      warehouse,
      living,
      registry,
      vmTeller,
      hostActions,
      leases,
      log,
      clock: systemClock,
      hostClock,
      nameVm,
      guestNetwork: config.guestNetwork,
      bootDeadlineMs: parseDuration(config.bootDeadline),
    },
    durations: new LearntDurations(database),
    destroyedVms: new DestroyedVms(database, { requests, clock: systemClock }),
    failures: new OwnFailures(systemClock),
    configurator: new Configurator({ hostActions, clock: systemClock, discs: discFiles }),
    report: (event: ProgressEvent) => {
      upstreams.notify('progress', event);
      tellDoor(event);
    },
    creations: new Creations(requests),
    gate: new VmGate(),
    watch: (vmId: string) => {
      watchMachine(vmId, { admission, living, registry, log, changed: () => changed() }).catch((error) =>
        log.error({ err: error, vmId }, 'the end of a machine could not be recorded'),
      );
    },
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
  const bidService = new BidService(
    { ...shared, lines: reports, cost, version, loadAverage: () => loadavg()[0]! },
    config,
  );
  const plan = bidService.plan.bind(bidService);
  const imageBuilder = new ImageBuilder({ ...shared, execution: shared, plan, lines: reports }, config);
  let publish: () => void = () => undefined;
  let tellDoor: ReportProgress = () => undefined;
  let renewAd: () => Promise<void> = async () => undefined;
  const changed = () => renewAd().catch((error) => log.error({ err: error }, 'the ad could not be renewed'));
  const selfTending = new SelfTending({ ...shared, database, lines: reports, imageBuilder, changed }, config);
  const leaseService: LeaseService = new LeaseService(
    {
      ...{ ...shared, changed },
      suspend: (vmId, request) => suspender.suspend(vmId, request, unasked),
      collect: (vmId, request) => collector.collect(vmId, request),
      warn: (record) => vmTeller.leaseEnding(record),
    },
    config,
  );
  const plant = new Plant(
    {
      ...{ ...shared, starter, suspender, leaseService },
      bidService,
      collector,
      creator: new Creator(
        { ...shared, execution: shared, plan, record: selfTending.record.bind(selfTending) },
        config,
      ),
      reconfigurator: new Reconfigurator(shared, config),
      imageService: new ImageService(
        { ...shared, identityCheck: new IdentityCheck({ ...shared, execution: shared }) },
        config,
      ),
      imageBuilder,
      equalityCheck: new EqualityCheck({ ...shared, execution: shared, lines: reports, imageBuilder }, config),
      selfTending,
      changed,
      withNumbers: (thrown) => nameWhatIsFull(thrown, [config.stateDirectory, config.warehouseDirectory]),
    },
    config,
  );

  const onUsage = (listener: () => void) => {
    publish = listener;
  };
  const onProgress = (listener: ReportProgress) => {
    tellDoor = listener;
  };
  const onChange = (listener: () => Promise<void>) => {
    renewAd = listener;
  };
  const restoreFault = faultHere(probed);
  return {
    ...shared,
    book: new OfferBook({ ...shared, requests, owners }),
    groups,
    database,
    upstreams,
    restoreFault,
    probed,
    changed,
    collector,
    bidService,
    plant,
    selfTending,
    onChange,
    onUsage,
    onProgress,
  };
}
