/** A shop in this process, brokers and plants in others, all over real sockets on loopback. */
import { createServer, type Server } from 'node:http';
import { systemClock } from '@vmgrid/daemon';
import { listen, Operations } from '@vmgrid/door';
import {
  Absences,
  listenAll,
  type MarketDeps,
  Membership,
  OfferDesk,
  PlantMemory,
  StandingOffers,
  VmBook,
} from '@vmgrid/market';
import { LINK_PATH, serveLink, TRUST_ALL } from '@vmgrid/protocol';
import { AuctionHistory } from '../../../packages/vmshop/src/auction-history.ts';
import type { ShopConfig } from '../../../packages/vmshop/src/config.ts';
import { PlantFeed } from '../../../packages/vmshop/src/plant-feed.ts';
import { Shop } from '../../../packages/vmshop/src/shop.ts';
import { VmEvents } from '../../../packages/vmshop/src/vm-events.ts';
import { Child } from './child.ts';
import type { SimulatedPlantOptions } from './simulated-plant.ts';

export interface GridShape {
  readonly plants: number;
  /** 0: the plants dial up to the shop. */
  readonly brokers: number;
  /** Whether the plants publish their offers. */
  readonly offers: 'standing' | 'asked';
  /** Owners that requests are of in turn; left out: they are nobody's. */
  readonly owners?: number;
  /** What owners may have. */
  readonly quotas?: ShopConfig['quotas'];
  /** Departed VMs that each plant remembers. */
  readonly departed: number;
}

/** Milliseconds of processor time. That of the shop includes the bench's own, which sends the requests. */
export interface CpuByRole {
  readonly shop: number;
  readonly brokers: number;
  readonly plants: number;
}

export interface MemoryMiB {
  readonly rss: number;
  readonly heapUsed: number;
  readonly arrayBuffers: number;
}

const PLANT_PROCESSES = 2;
const SLOW_MS = 200;
const VM_LIFE_MS = 100;

export class BenchGrid {
  readonly shop: Shop;
  readonly #brokers: Child[] = [];
  readonly #plants: Child[] = [];
  readonly #http: Server;
  #dead: Child | undefined;

  private constructor(shop: Shop, http: Server) {
    this.shop = shop;
    this.#http = http;
  }

  /** With one plant that hangs and one that is slow among them. */
  static async open(shape: GridShape): Promise<BenchGrid> {
    const http = createServer();
    const { shop, listener } = openShop(shape);
    const grid = new BenchGrid(shop, http);
    try {
      serveLink(http, listener, { trust: TRUST_ALL, log: { info() {}, warn() {}, error: console.error } });
      const port = await listen(http, '127.0.0.1', 0);
      const urls = await grid.#openBrokers(shape.brokers, linkUrl(port));
      await grid.#openPlants(shape, urls.length > 0 ? urls : [linkUrl(port)]);
    } catch (error) {
      await grid.close();
      throw error;
    }
    return grid;
  }

  async #openBrokers(count: number, upstream: string): Promise<string[]> {
    return Promise.all(
      Array.from({ length: count }, async (_, number) => {
        const { httpPort } = await started('broker-process.ts', this.#brokers).ask<{ httpPort: number }>({
          brokerId: `broker-${number}`,
          upstream,
        });
        return linkUrl(httpPort);
      }),
    );
  }

  async #openPlants({ plants, offers, departed }: GridShape, urls: readonly string[]): Promise<void> {
    const all = Array.from(
      { length: plants },
      (_, number): SimulatedPlantOptions => ({
        ...{ plantId: `plant-${number}`, url: urls[number % urls.length]!, publishes: offers === 'standing' },
        ...{ slowMs: number === 1 ? SLOW_MS : 0, vmLifeMs: VM_LIFE_MS, departed },
      }),
    );
    const [dead, ...living] = all;
    const shares = Array.from({ length: PLANT_PROCESSES }, (_, share) =>
      living.filter((__, number) => number % PLANT_PROCESSES === share),
    );
    this.#dead = started('plants-process.ts', this.#plants);
    await Promise.all([
      this.#dead.ask({ plants: [dead] }),
      ...shares.map((share) => started('plants-process.ts', this.#plants).ask({ plants: share })),
    ]);
  }

  /** From now on the dead plant is silent; its connection stays. */
  letOneHang(): void {
    this.#dead?.process.kill('SIGSTOP');
  }

  cpuMs(): CpuByRole {
    const { user, system } = process.cpuUsage();
    const sum = (children: readonly Child[]) => children.reduce((total, { cpuMs }) => total + cpuMs, 0);
    return { shop: (user + system) / 1_000, brokers: sum(this.#brokers), plants: sum(this.#plants) };
  }

  shopMiB(): MemoryMiB {
    const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
    const miB = (bytes: number) => Math.round(bytes / 1_048_576);
    return { rss: miB(rss), heapUsed: miB(heapUsed), arrayBuffers: miB(arrayBuffers) };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#brokers, ...this.#plants].map((child) => child.end()));
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }
}

function started(file: string, among: Child[]): Child {
  const child = new Child(file);
  among.push(child);
  return child;
}

const RETURN_MS = 1_000;

function openShop({ quotas }: GridShape) {
  const book = new VmBook({ clock: systemClock, keepsAbsent: true });
  const absences = new Absences({ clock: systemClock, returnMs: RETURN_MS, forgetMs: RETURN_MS });
  const membership = new Membership({
    clock: systemClock,
    onProgress: () => undefined,
    onVms: (link, event) => book.hear(link, event),
    onChange: (change) => {
      book.note(change);
      absences.note(change);
    },
  });
  const standing = new StandingOffers();
  const desk = new OfferDesk(standing, { onFault: ({ plantId, err }) => console.error(plantId, err) });
  let auctions = 0;
  const market: MarketDeps = {
    ...{ clock: systemClock, memory: new PlantMemory(systemClock), standing },
    newAuctionId: () => `auction-${++auctions}`,
  };
  const operations = new Operations({ kept: 1_000 });
  const shop = new Shop(
    {
      ...{ membership, absences, operations, market },
      auctions: new AuctionHistory({ file: ':memory:', kept: 1_000, keptBytes: 100_000_000 }),
      ...{ feed: new PlantFeed(systemClock), vmEvents: new VmEvents(), book },
    },
    {
      ...{ host: '127.0.0.1', httpPort: 0, xmlPort: 0, plants: [], bidWindowMs: 2_000, awardAttempts: 3 },
      ...{
        requestDeadlineMs: 60_000,
        plantReturnMs: RETURN_MS,
        plantForgetMs: RETURN_MS,
        requestsPerMinute: 6_000,
        requestsKept: 1_000,
      },
      ...{ auctionsKept: 1_000, auctionsKeptMiB: 100, ...(quotas && { quotas }) },
      logLevel: 'error' as ShopConfig['logLevel'],
    },
  );
  return { shop, listener: listenAll(membership, desk) };
}

const linkUrl = (port: number): string => `ws://127.0.0.1:${port}${LINK_PATH}`;
