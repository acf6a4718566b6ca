/** The ports of a plant: everything that it needs from a real or simulated host. */
import type { DatabaseSync } from 'node:sqlite';
import type { Capacity, Durations, LineReports } from '@vmgrid/bidding';
import type { Clock, Log } from '@vmgrid/daemon';
import type { ProductionLine } from '@vmgrid/lines';
import type { LineName, Upstreams } from '@vmgrid/protocol';
import type { ImageBuildStore, ImageInventory } from '@vmgrid/warehouse';
import type { ConfigDiscStore } from '../configuration/config-disc-store.ts';
import type { HostActions } from '../configuration/host-actions.ts';
import type { CreatorDeps } from '../creation/creator.ts';
import type { TemporaryMachineDeps } from '../creation/temporary-machine.ts';
import type { ImageBuilder } from '../images/image-builder.ts';
import type { HostClock } from '../leases/lease-clock.ts';
import type { PlantDeps } from '../plant.ts';
import type { VmNames } from '../vms/identity.ts';
import type { VmStore } from '../vms/vm-store.ts';

export interface PlantPorts<Services extends OperatorServices = OperatorServices> {
  readonly version: string;
  readonly log: Log;
  readonly clock: Clock;
  readonly host: HostPort;
  readonly lines: ReadonlyMap<LineName, ProductionLine>;
  /** The reports of the last probe of each line. */
  readonly reports: LineReports;
  readonly stores: PlantStores;
  /** The links to the upstreams. */
  readonly links: Pick<Upstreams, 'notify'>;
  readonly makeOperatorServices: (parts: OperatorParts) => Services;
}

export interface HostPort {
  readonly clock: HostClock;
  readonly capacity: Capacity;
  readonly actions: Pick<HostActions, 'names' | 'requireAll' | 'run'>;
  readonly nameVm: () => VmNames;
  /** Load average over the last minute; left out for a host where it never changes. */
  readonly loadAverage?: () => number;
  /** Left out where machines use no memory of the host. */
  readonly availableMemoryMiB?: () => number;
  /** See `PlantWorkDeps`. */
  readonly withNumbers: (thrown: unknown) => Promise<unknown>;
}

/** The stores that outlive the plant's process. */
export interface PlantStores {
  readonly database: DatabaseSync;
  readonly vms: VmStore;
  readonly discs: ConfigDiscStore;
  readonly warehouse: ImageBuildStore & {
    readonly inventory: Pick<ImageInventory, 'examine' | 'image' | 'images' | 'lineage'>;
  };
}

/** Services for operators, and the work that a plant does unasked: both work with the files of images. */
export interface OperatorServices extends Pick<PlantDeps, 'imageService' | 'equalityCheck'> {
  readonly selfTending: PlantDeps['selfTending'] & { readonly record: CreatorDeps['record'] };
}

/** The parts of the plant that those services use. */
export interface OperatorParts extends TemporaryMachineDeps {
  readonly durations: Durations;
  readonly imageBuilder: ImageBuilder;
  readonly lines: LineReports;
  readonly changed: () => Promise<void>;
}
