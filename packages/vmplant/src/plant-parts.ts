/** What a plant on a host is put together from, wired. */
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { ofOwner } from '@vmgrid/access';
import { Admission, HeldTokens, type LimitsOfOwners, OfferBook, OwnerBook, parseCost } from '@vmgrid/bidding';
import { type Log, makeFolder, systemClock } from '@vmgrid/daemon';
import { Cgroups, hostMemory, nameWhatIsFull, requirePassage } from '@vmgrid/host';
import type { FindImages } from '@vmgrid/lines';
import { endOnAnyLine, makeLines, ProbedLines } from '@vmgrid/lines';
import { type ProgressEvent, parseDuration, Upstreams } from '@vmgrid/protocol';
import { Warehouse } from '@vmgrid/warehouse';
import { BidService } from './bids/bid-service.ts';
import { findCapacity } from './bids/capacity.ts';
import { CancelledRequests } from './cancellation/cancelled-requests.ts';
import { Canceller } from './cancellation/canceller.ts';
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
import { UploadedFiles } from './files/uploaded-files.ts';
import { IdentityCheck } from './identity/identity-check.ts';
import { ImageBuilder } from './images/image-builder.ts';
import { ImageService } from './images/image-service.ts';
import { hostClock } from './leases/lease-clock.ts';
import { LeaseService } from './leases/lease-service.ts';
import { Leases } from './leases/leases.ts';
import { Collector } from './lifecycle/collector.ts';
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

function limitsOfOwners({ ownerLimits = {} }: PlantConfig): LimitsOfOwners {
  const names = Object.keys(ownerLimits.owners ?? {});
  return {
    others: ownerLimits.default ?? {},
    named: new Map(names.map((owner) => [owner, ofOwner(ownerLimits, owner)])),
  };
}

/** Every part, wired; nothing runs yet. */
export async function makePlantParts(config: PlantConfig, version: string, log: Log) {
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
  const uploads = new UploadedFiles({ directory: join(config.stateDirectory, 'files'), limitMiB: config.filesMiB });
  const destroyedVms = new DestroyedVms(database, { requests, clock: systemClock });
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
    destroyedVms,
    uploads,
    cancelled: new CancelledRequests(database, { requests, destroyedVms }),
    failures: new OwnFailures(systemClock),
    configurator: new Configurator({ hostActions, clock: systemClock, discs: discFiles(uploads) }),
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
  const canceller = new Canceller({ ...shared, collector });
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
      canceller,
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
    canceller,
    plant,
    selfTending,
    onChange,
    onUsage,
    onProgress,
  };
}
