/**
 * A plant: the product's own parts, put together on a host, disk and clock that are virtual. Its process can be killed
 * at any moment; disk and machines stay.
 */
import { type Capacity, HeldTokens } from '@vmgrid/bidding';
import type { Log } from '@vmgrid/daemon';
import { adToJson, type Hello, type LinkClient } from '@vmgrid/protocol';
import { DestroyedVms, type PlantConfig, recover } from '@vmgrid/vmplant';
import type { GoldenImage } from '@vmgrid/warehouse';
import type { Fabric } from '../network/fabric.ts';
import { Life } from '../world/life.ts';
import type { Random } from '../world/random.ts';
import type { World } from '../world/world.ts';
import { Host } from './host.ts';
import { PlantDisk } from './plant-disk.ts';
import { makePlantParts, VERSION } from './plant-parts.ts';
import type { MachineFaults } from './virtual-line.ts';

export interface PlantNodeOptions {
  readonly plantId: string;
  readonly upstreams: readonly string[];
  readonly capacity: Capacity;
  readonly images: ReadonlyMap<string, GoldenImage>;
  readonly config: PlantConfig;
  readonly faults: MachineFaults;
}

export interface PlantNodeDeps {
  readonly world: World;
  readonly fabric: Fabric;
  /** Told whenever its disk or its machines have changed. */
  readonly changed: (node: PlantNode) => void;
}

export class PlantNode {
  readonly plantId: string;
  readonly capacity: Capacity;
  readonly disk: PlantDisk;
  readonly host: Host;
  #destroyedVms: DestroyedVms | undefined;
  readonly #deps: PlantNodeDeps;
  readonly #options: PlantNodeOptions;
  readonly #config: PlantConfig;
  readonly #random: Random;
  #life: Life;

  constructor(deps: PlantNodeDeps, options: PlantNodeOptions) {
    const { plantId, capacity, images } = options;
    this.#deps = deps;
    this.#options = options;
    this.plantId = plantId;
    this.capacity = capacity;
    this.#random = deps.world.random.fork(plantId);
    this.disk = new PlantDisk(this.#random.fork('warehouse').uuid(), images, () => deps.changed(this));
    this.host = new Host(() => deps.changed(this));
    this.#config = { ...options.config, plantId };
    this.#life = new Life(deps.world, plantId);
    this.#life.kill();
  }

  get isAlive(): boolean {
    return this.#life.isAlive;
  }

  /** Whether it remembers the VM as one that is gone. */
  hasDestroyed(vmId: string): boolean {
    this.#destroyedVms ??= new DestroyedVms(this.disk.database, {
      requests: new HeldTokens(),
      clock: this.#deps.world,
    });
    return this.#destroyedVms.byVm(vmId) !== undefined;
  }

  /** Starts its process, which finds what an earlier one left. */
  start(): void {
    const { world } = this.#deps;
    if (this.isAlive) return;
    this.#life = new Life(world, this.plantId);
    world.note(`start ${this.plantId}`);
    void this.#run(this.#life);
  }

  /** Kills its process, as by `kill -9`. */
  kill(): void {
    if (!this.isAlive) return;
    this.#deps.world.note(`kill ${this.plantId}`);
    this.#life.kill();
    this.#deps.fabric.killed({ name: this.plantId, life: this.#life });
  }

  async #run(life: Life): Promise<void> {
    const { fabric } = this.#deps;
    const { capacity, faults, upstreams } = this.#options;
    const ground = { life, disk: this.disk, host: this.host, random: this.#random, log: this.#log() };
    const parts = await makePlantParts(ground, { config: this.#config, capacity, faults });
    const { bidService, canceller, collector, plant, publisher, vmTeller, warehouse } = parts;
    await warehouse.sweep(this.host);
    await recover({ ...parts, collect: (vmId) => collector.collect(vmId, { requestId: `recovery-${vmId}` }) });
    canceller.finish().catch(() => undefined);
    let ad = adToJson(await bidService.ad());
    const lower = {
      name: this.plantId,
      life,
      handlers: plant.handlers(),
      hello: (): Hello => ({ plantId: this.plantId, version: VERSION, ad }),
      opened: (link: LinkClient) => {
        vmTeller.opened(link);
        publisher.opened(link);
      },
    };
    const links = upstreams.map((upstream) => fabric.dial(lower, upstream));
    parts.onChange(async () => {
      void publisher.changed();
      ad = adToJson(await bidService.ad());
      for (const link of links) link.notify('ad', ad);
    });
  }

  /** What a plant finds wrong with itself is part of what happened. */
  #log(): Log {
    const note = (level: string) => (details: object, message?: string) => {
      const { err, ...rest } = details as { readonly err?: unknown };
      this.#deps.world.note(`${level} ${this.plantId} ${message ?? ''} ${JSON.stringify(rest)} ${err ?? ''}`.trimEnd());
    };
    return {
      debug: () => undefined,
      info: () => undefined,
      warn: note('warn'),
      error: note('error'),
    } as unknown as Log;
  }
}
