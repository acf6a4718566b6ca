/**
 * A plant: the product's own parts, put together on a host, disk and clock that are virtual. Its process can be killed
 * at any moment; disk and machines stay.
 */
import { type Capacity, RequestFingerprints } from '@vmgrid/bidding';
import type { Log } from '@vmgrid/daemon';
import type { Hello, LinkAbove } from '@vmgrid/protocol';
import { assemblePlant, DestroyedVms, type PlantConfig, type PlantPorts } from '@vmgrid/vmplant';
import type { GoldenImage } from '@vmgrid/warehouse';
import type { Fabric } from '../network/fabric.ts';
import { Life } from '../world/life.ts';
import type { Random } from '../world/random.ts';
import type { World } from '../world/world.ts';
import { Host } from './host.ts';
import { PlantDisk } from './plant-disk.ts';
import type { MachineFaults } from './virtual-line.ts';
import { VERSION, virtualPorts } from './virtual-ports.ts';

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
  /** Called whenever the plant's disk or machines have changed. */
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

  /** Whether the plant remembers the VM as destroyed. */
  hasDestroyed(vmId: string): boolean {
    this.#destroyedVms ??= new DestroyedVms(this.disk.database, {
      requests: new RequestFingerprints(),
      clock: this.#deps.world,
    });
    return this.#destroyedVms.byVm(vmId) !== undefined;
  }

  /** Starts the plant's process, which finds the state that an earlier one left. */
  start(): void {
    const { world } = this.#deps;
    if (this.isAlive) return;
    this.#life = new Life(world, this.plantId);
    world.note(`start ${this.plantId}`);
    void this.#run(this.#life);
  }

  /** Kills the plant's process, as `kill -9` does. */
  kill(): void {
    if (!this.isAlive) return;
    this.#deps.world.note(`kill ${this.plantId}`);
    this.#life.kill();
    this.#deps.fabric.killed({ name: this.plantId, life: this.#life });
  }

  async #run(life: Life): Promise<void> {
    const { fabric } = this.#deps;
    const { capacity, faults, upstreams } = this.#options;
    const dialled: LinkAbove[] = [];
    const links: PlantPorts['links'] = {
      notify: (event, value) => {
        for (const link of dialled) link.notify(event, value);
      },
    };
    const ground = { life, disk: this.disk, host: this.host, random: this.#random, log: this.#log(), links };
    const ports = virtualPorts(ground, { config: this.#config, capacity, faults });
    const { adPublisher, plant, opened, recover } = await assemblePlant(ports, this.#config);
    await ports.stores.warehouse.sweep(this.host);
    await recover();
    const hello = (): Hello => ({ plantId: this.plantId, version: VERSION, ad: adPublisher.ad });
    const lower = { name: this.plantId, life, handlers: plant.handlers(), hello, opened };
    dialled.push(...upstreams.map((upstream) => fabric.dial(lower, upstream)));
  }

  /** The faults that a plant finds in itself are recorded with the other events. */
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
