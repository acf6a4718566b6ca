/**
 * A plant: the product's own parts, put together on a host, disk and clock that are virtual. Its process can be killed at any
 * moment; disk and machines stay.
 */
import { Admission, type Capacity, parseCost } from '@vmgrid/bidding';
import type { Log } from '@vmgrid/daemon';
import { adToJson, type Hello, type LineName, type ProgressEvent, parseDuration } from '@vmgrid/protocol';
import {
  BidDesk,
  Collector,
  Configurator,
  Creator,
  Departed,
  type GoldenImage,
  LearntDurations,
  LeaseDesk,
  Leases,
  LivingMachines,
  OwnFailures,
  Plant,
  type PlantConfig,
  Reconfigurator,
  recover,
  Suspender,
  VmGate,
  VmRegistry,
  watchMachine,
} from '@vmgrid/vmplant';
import type { Fabric } from '../network/fabric.ts';
import { Life } from '../world/life.ts';
import type { Random } from '../world/random.ts';
import type { World } from '../world/world.ts';
import { Host } from './host.ts';
import { noImageDesk, noImageWork, noSelfTending } from './not-simulated.ts';
import { PlantDisk } from './plant-disk.ts';
import { type MachineFaults, VIRTUAL_LINE, VirtualLine } from './virtual-line.ts';

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

const VERSION = 'simulated';

export class PlantNode {
  readonly plantId: string;
  readonly capacity: Capacity;
  readonly disk: PlantDisk;
  readonly host: Host;
  readonly #departed: Departed;
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
    this.disk = new PlantDisk(images, () => deps.changed(this));
    this.host = new Host(() => deps.changed(this));
    this.#departed = new Departed(this.disk.database);
    this.#config = { ...options.config, plantId };
    this.#life = new Life(deps.world, plantId);
    this.#life.kill();
  }

  get isAlive(): boolean {
    return this.#life.isAlive;
  }

  /** Whether it remembers the VM as one that is gone. */
  hasDeparted(vmId: string): boolean {
    return this.#departed.byVm(vmId) !== undefined;
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
    const parts = await this.#assemble(life);
    const { bidDesk, collector, plant } = parts;
    await recover({ ...parts, collect: (vmId) => collector.collect(vmId, `recovery-${vmId}`) });
    let ad = adToJson(await bidDesk.ad());
    const handlers = plant.handlers();
    const lower = {
      name: this.plantId,
      life,
      handlers,
      hello: (): Hello => ({ plantId: this.plantId, version: VERSION, ad }),
    };
    const links = this.#options.upstreams.map((upstream) => fabric.dial(lower, upstream));
    parts.onChange(async () => {
      ad = adToJson(await bidDesk.ad());
      for (const link of links) link.notify('ad', ad);
    });
  }

  async #assemble(life: Life) {
    const { disk, host } = this;
    const { clock } = life;
    const line = new VirtualLine(
      { life, host, disk, random: this.#random.fork(`machines ${clock.monotonic()}`) },
      this.#options.faults,
    );
    const lines = new Map([[line.name as LineName, line]]);
    const reports = new Map([[VIRTUAL_LINE.line, VIRTUAL_LINE]]);
    const hostActions = { names: async () => [], requireAll: async () => undefined, run: async () => '' };
    let renewAd: () => Promise<void> = async () => undefined;
    const changed = () => void renewAd();
    const log = this.#log();
    const hostClock = { now: clock.now, uptimeS: () => clock.monotonic() / 1_000, bootId: () => 'boot' };
    const leases: Leases = new Leases(
      {
        clock,
        hostClock,
        listener: { ending: (vmId) => leaseDesk.ending(vmId), ended: (vmId) => leaseDesk.ended(vmId) },
      },
      { warningMs: parseDuration(this.#config.lease.warning) },
    );
    const [living, registry] = [new LivingMachines(), await VmRegistry.open(disk.store(life))];
    const shared = {
      ...{ lines, living, registry, hostActions, log, clock, hostClock, leases, changed },
      warehouse: disk.imageHolds(life),
      admission: new Admission(this.#options.capacity),
      durations: new LearntDurations(disk.database),
      departed: new Departed(disk.database),
      failures: new OwnFailures(clock),
      configurator: new Configurator({ hostActions, clock, discs: disk.shelf(life) }),
      report: (_: ProgressEvent) => undefined,
      gate: new VmGate(),
      watch: (vmId: string) => void watchMachine(vmId, { living, registry, log, changed }),
      nameVm: () => this.#nameVm(),
    };
    const suspender = new Suspender(
      { ...shared, warehouse: { image: (imageId) => disk.image(imageId) } },
      this.#config,
    );
    const unasked = new AbortController().signal;
    const collector = new Collector(
      { ...shared, resume: (vmId, requestId) => suspender.resume(vmId, requestId, unasked) },
      this.#config,
    );
    const leaseDesk: LeaseDesk = new LeaseDesk(
      {
        ...{ ...shared, warn: () => undefined },
        suspend: (vmId, requestId) => suspender.suspend(vmId, requestId, unasked),
        collect: (vmId, requestId) => collector.collect(vmId, requestId),
      },
      this.#config,
    );
    const cost = parseCost(this.#config.cost);
    const images = { images: async () => disk.images };
    const bidDesk = new BidDesk(
      { ...shared, warehouse: images, lines: reports, cost, version: VERSION, loadAverage: () => 0 },
      this.#config,
    );
    const execution = { ...shared, bootDeadlineMs: BOOT_DEADLINE_MS };
    const creating = { ...shared, execution, plan: bidDesk.plan.bind(bidDesk), record: () => undefined };
    const plant = new Plant(
      {
        ...{ ...shared, bidDesk, collector, suspender, leaseDesk, creator: new Creator(creating, this.#config) },
        reconfigurator: new Reconfigurator(shared, this.#config),
        ...{ imageBuilder: noImageWork, imageDesk: noImageDesk, selfTending: noSelfTending },
      },
      this.#config,
    );
    const onChange = (listener: () => Promise<void>) => {
      renewAd = listener;
    };
    return { ...shared, collector, bidDesk, plant, onChange };
  }

  #nameVm() {
    const id = this.#random.uuid();
    return { vmId: `vm-${id}`, hostName: `vm-${id.slice(0, 8)}`, macAddress: '02:00:00:00:00:01' };
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

const BOOT_DEADLINE_MS = 60_000;
