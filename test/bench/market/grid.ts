/** A shop, brokers and plants without machines, each a process, all over real sockets on loopback. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LINK_PATH } from '@vmgrid/protocol';
import { type Daemon, startDaemon } from '../../../packages/vmgrid/src/local-grid/daemons.ts';
import { LONG_PAST } from '../age/past.ts';
import { BenchShop } from './bench-shop.ts';
import { Child } from './child.ts';
import type { PlantsOrder } from './plants-process.ts';
import { cpuMsOf } from './process-figures.ts';
import type { GridShape } from './shape.ts';

/** Milliseconds of processor time. Of a shop without an endpoint, that of its clients is part. */
export interface CpuByRole {
  readonly shop: number;
  readonly brokers: number;
  readonly plants: number;
}

const PLANT_PROCESSES = 2;
const SLOW_MS = 200;
const VM_LIFE_MS = 100;
const WARM_UP = { most: 10_000, inFlight: 32, forMs: 15_000 };
/** A plant of the bench forgets as many as it is given. */
const NEW_PLANT = { destroyedVms: 32, actions: 0 };
const BROKER_START_MS = 60_000;

export class BenchGrid {
  readonly shop: BenchShop;
  readonly #folder: string;
  readonly #brokers: Daemon[] = [];
  readonly #plants: Child[] = [];
  #dead: Child | undefined;

  private constructor(shop: BenchShop, folder: string) {
    this.shop = shop;
    this.#folder = folder;
  }

  /** With one plant that hangs and one that is slow among them. */
  static async open(shape: GridShape): Promise<BenchGrid> {
    const folder = await mkdtemp(join(tmpdir(), 'vmgrid-bench-'));
    const shop = await BenchShop.open({ folder, without: shape.without, machines: 'none' });
    const grid = new BenchGrid(shop, folder);
    try {
      for (let number = 0; number < shape.brokers; number++) await grid.#openBroker(`broker-${number}`);
      await grid.#openPlants(shape);
      await shop.connected(shape.plants);
    } catch (error) {
      await grid.close();
      throw error;
    }
    return grid;
  }

  async #openBroker(brokerId: string): Promise<void> {
    const { accessDirectory, linkUrl } = this.shop;
    const config = { brokerId, upstreams: [linkUrl], httpPort: 0, accessDirectory };
    const [configFile, logFile] = ['json', 'log'].map((kind) => join(this.#folder, `${brokerId}.${kind}`));
    const order = { name: 'vmbroker' as const, configFile: configFile!, config, logFile };
    this.#brokers.push(await startDaemon(order, AbortSignal.timeout(BROKER_START_MS)));
  }

  async #openPlants({ plants, offers, without }: GridShape): Promise<void> {
    const { linkUrl, joinToken } = this.shop;
    const urls = this.#brokers.map(({ ready }) => `ws://127.0.0.1:${ready.httpPort}${LINK_PATH}`);
    if (urls.length === 0) urls.push(linkUrl);
    const { destroyedVms, actions } = without.includes('age') ? NEW_PLANT : LONG_PAST;
    const all = Array.from({ length: plants }, (_, number): PlantsOrder['plants'][number] => ({
      ...{ plantId: `plant-${number}`, url: urls[number % urls.length]!, joinToken, destroyedVms, actions },
      ...{ publishes: offers === 'standing', slowMs: number === 1 ? SLOW_MS : 0, vmLifeMs: VM_LIFE_MS },
    }));
    const [dead, ...living] = all;
    const shares = Array.from({ length: PLANT_PROCESSES }, (_, share) =>
      living.filter((__, number) => number % PLANT_PROCESSES === share),
    );
    this.#dead = this.#startPlants();
    await Promise.all([
      this.#dead.ask({ plants: [dead!] } satisfies PlantsOrder),
      ...shares.map((share) => this.#startPlants().ask({ plants: share } satisfies PlantsOrder)),
    ]);
  }

  #startPlants(): Child {
    const child = new Child('plants-process.ts');
    this.#plants.push(child);
    return child;
  }

  /** So that the code that runs is the compiled one in every process, and what remembers requests is full. */
  async warmUp(): Promise<void> {
    await this.shop.load.run({ work: 'create', ...WARM_UP });
  }

  /** From now on the dead plant is silent; its connection stays. */
  letOneHang(): void {
    this.#dead?.process.kill('SIGSTOP');
  }

  cpuMs(): CpuByRole {
    const brokers = this.#brokers.reduce((total, { pid }) => total + cpuMsOf(pid), 0);
    const plants = this.#plants.reduce((total, { cpuMs }) => total + cpuMs, 0);
    return { shop: this.shop.cpuMs, brokers, plants };
  }

  async close(): Promise<void> {
    for (const { pid } of this.#brokers) process.kill(pid, 'SIGKILL');
    await Promise.all([...this.#plants.map((child) => child.end()), ...this.#brokers.map(({ ended }) => ended)]);
    await this.shop.end();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
