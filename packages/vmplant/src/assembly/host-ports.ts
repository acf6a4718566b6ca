/** The ports of a plant on a real host: opens its stores, and tries which machines work there. */
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { identifyFolder, type Log, makeFolder, systemClock } from '@vmgrid/daemon';
import { Cgroups, hostMemory, nameWhatIsFull, requirePassage } from '@vmgrid/host';
import { endOnAnyLine, type FindImages, makeLines, ProbedLines } from '@vmgrid/lines';
import { Upstreams } from '@vmgrid/protocol';
import { Warehouse } from '@vmgrid/warehouse';
import { findCapacity } from '../bids/capacity.ts';
import type { PlantConfig } from '../config.ts';
import { discFiles } from '../configuration/config-disc-store.ts';
import { HostActions } from '../configuration/host-actions.ts';
import { openDatabase } from '../database.ts';
import { UploadedFiles } from '../files/uploaded-files.ts';
import { hostClock } from '../leases/lease-clock.ts';
import { nameVm } from '../vms/identity.ts';
import { VmFolders } from '../vms/vm-store.ts';
import type { HostPort, PlantPorts } from './ports.ts';

/** Characters of the id of a state in the name of a control group. */
const STATE_ID_SHOWN = 8;

export async function openHostPorts(config: PlantConfig, version: string, log: Log) {
  makeFolder(config.stateDirectory, 0o711);
  const database = openDatabase(join(config.stateDirectory, 'plant.sqlite'));
  // Plants of two grids may have one name. What is shared with others is kept apart by the id of the state.
  const stateId = await identifyFolder(join(config.stateDirectory, 'state-id'));
  const name = `${config.plantId}-${stateId.slice(0, STATE_ID_SHOWN)}`;
  const groups = config.cgroup && (await Cgroups.open({ ...config.cgroup, name }));
  const images: FindImages = () => warehouse.inventory.images();
  const lines = makeLines(config.lines, { ...config, images, ...(groups && { groups }) });
  const warehouse = await Warehouse.open(config.warehouseDirectory, {
    owner: stateId,
    endMachine: (directory) => endOnAnyLine(lines, directory),
    ...(config.warehouseQuotaMiB === undefined ? {} : { quotaMiB: config.warehouseQuotaMiB }),
  });
  requirePassage(config);
  const probed = await ProbedLines.probe({ lines, images, log });
  const uploads = new UploadedFiles({ directory: join(config.stateDirectory, 'files'), limitMiB: config.filesMiB });
  const vms = new VmFolders(join(config.stateDirectory, 'vms'));
  return {
    ...{ version, log, clock: systemClock, host: await hostPort(config), lines, reports: probed.reports },
    ...{
      stores: { database, vms, discs: discFiles(uploads), uploads, warehouse },
      links: new Upstreams(),
      groups,
      probed,
    },
  } satisfies Omit<PlantPorts, 'makeOperatorServices'> & Record<string, unknown>;
}

async function hostPort(config: PlantConfig): Promise<HostPort> {
  const { stateDirectory, warehouseDirectory, hostActionDirectory } = config;
  return {
    ...{ clock: hostClock, capacity: await findCapacity(config), nameVm },
    actions: new HostActions(hostActionDirectory),
    loadAverage: () => loadavg()[0]!,
    // Simulated machines take no memory.
    ...(config.lines.some((line) => line !== 'simulated') && { availableMemoryMiB: () => hostMemory().availableMiB }),
    withNumbers: (thrown) => nameWhatIsFull(thrown, [stateDirectory, warehouseDirectory]),
  };
}
