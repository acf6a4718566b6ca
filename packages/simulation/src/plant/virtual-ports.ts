/** The ports of a plant in a simulation: simulated host, disk, line and clock, for one run of the plant's process. */
import type { Capacity } from '@vmgrid/bidding';
import type { Log } from '@vmgrid/daemon';
import type { OperatorServices, PlantConfig, PlantPorts } from '@vmgrid/vmplant';
import type { Life } from '../world/life.ts';
import type { Random } from '../world/random.ts';
import type { Host } from './host.ts';
import { noEqualityCheck, noSelfTending } from './not-simulated.ts';
import type { PlantDisk } from './plant-disk.ts';
import { virtualImageService } from './virtual-image-service.ts';
import { type MachineFaults, VIRTUAL_LINE, VirtualLine } from './virtual-line.ts';
import { VirtualWarehouse } from './virtual-warehouse.ts';

export interface PlantGround {
  readonly life: Life;
  readonly disk: PlantDisk;
  readonly host: Host;
  /** The plant's own random numbers, over all its runs. */
  readonly random: Random;
  readonly log: Log;
  readonly links: PlantPorts['links'];
}

export interface VirtualPortsOptions {
  readonly config: Pick<PlantConfig, 'plantId'>;
  readonly capacity: Capacity;
  readonly faults: MachineFaults;
}

export const VERSION = 'simulated';

export function virtualPorts(ground: PlantGround, { config, capacity, faults }: VirtualPortsOptions) {
  const { life, disk, host, random, log, links } = ground;
  const { clock } = life;
  const machines = random.fork(`machines ${clock.monotonic()}`);
  const line = new VirtualLine({ life, host, disk, random: machines }, faults);
  const warehouse = new VirtualWarehouse(disk, life);
  const operatorServices: OperatorServices = {
    imageService: virtualImageService(warehouse, { plantId: config.plantId, warehouseId: disk.warehouseId }),
    ...{ equalityCheck: noEqualityCheck, selfTending: noSelfTending },
  };
  return {
    ...{ version: VERSION, log, clock, links },
    host: {
      clock: { now: clock.now, uptimeS: () => clock.monotonic() / 1_000, bootId: () => 'boot' },
      capacity,
      actions: { names: async () => [], requireAll: async () => undefined, run: async () => '' },
      nameVm: () => nameVm(random),
      withNumbers: async (thrown: unknown) => thrown,
    },
    lines: new Map([[line.name, line]]),
    reports: new Map([[VIRTUAL_LINE.line, VIRTUAL_LINE]]),
    stores: { database: disk.database, vms: disk.store(life), discs: disk.shelf(life), warehouse },
    makeOperatorServices: () => operatorServices,
  } satisfies PlantPorts;
}

function nameVm(random: Random) {
  const id = random.uuid();
  return { vmId: `vm-${id}`, hostName: `vm-${id.slice(0, 8)}`, macAddress: '02:00:00:00:00:01' };
}
