/**
 * The shop of a bench, in a process of its own: the product's daemon with its endpoint, or the shop alone without one.
 */
import { join } from 'node:path';
import { joinTokenFile, localTokenFile, readTokenFile } from '@vmgrid/access';
import { LINK_PATH, type MemoryReply, ShopClient } from '@vmgrid/protocol';
import { eventually } from '@vmgrid/test-support/hosts/processes.ts';
import { type Daemon, startDaemon } from '../../../packages/vmgrid/src/local-grid/daemons.ts';
import { LONG_PAST, NO_PAST } from '../age/past.ts';
import { writeShopPast } from '../age/shop-past.ts';
import { Load } from '../load/load.ts';
import { makeTokens, ownerNames, QUOTAS } from '../load/owners.ts';
import { Child } from './child.ts';
import type { InProcessShopOrder } from './in-process-shop.ts';
import { cpuMsOf } from './process-figures.ts';
import type { Part } from './shape.ts';

export interface BenchShopOptions {
  /** Where its stores are. */
  readonly folder: string;
  readonly without: readonly Part[];
  readonly machines: 'none' | 'simulated';
}

const START_MS = 60_000;
/** So many plants dial, and send all they have. */
const PLANTS_COME_MS = 600_000;

export class BenchShop {
  readonly pid: number;
  readonly load: Load;
  readonly url: string;
  readonly accessDirectory: string;
  readonly #end: () => Promise<void>;

  private constructor(of: Pick<BenchShop, 'pid' | 'load' | 'url' | 'accessDirectory'>, end: () => Promise<void>) {
    this.pid = of.pid;
    this.load = of.load;
    this.url = of.url;
    this.accessDirectory = of.accessDirectory;
    this.#end = end;
  }

  static async open({ folder, without, machines }: BenchShopOptions): Promise<BenchShop> {
    const has = (part: Part) => !without.includes(part);
    const [accessDirectory, stateDirectory] = [join(folder, 'access'), join(folder, 'shop')];
    const owners = has('owners') ? ownerNames() : [];
    const tokens = makeTokens(accessDirectory, owners);
    const past = has('age') ? LONG_PAST : NO_PAST;
    writeShopPast({ accessDirectory, stateDirectory, owners: owners.length > 0 ? owners : ['operator'] }, past);
    const config = {
      ...{ httpPort: 0, xmlPort: 0, requestsPerMinute: 1e9, accessDirectory, stateDirectory },
      ...(has('quotas') && { quotas: QUOTAS }),
    };
    if (!has('http')) return BenchShop.#inProcess({ config, owners }, accessDirectory);
    const daemon = await startShopDaemon(folder, config);
    const url = `http://127.0.0.1:${daemon.ready.httpPort}`;
    const load = await Load.overHttp({ url, tokens, machines });
    return new BenchShop({ pid: daemon.pid, load, url, accessDirectory }, async () => {
      await load.end();
      process.kill(daemon.pid, 'SIGKILL');
      await daemon.ended;
    });
  }

  static async #inProcess(order: InProcessShopOrder, accessDirectory: string): Promise<BenchShop> {
    const child = new Child('in-process-shop.ts');
    const { port } = await child.ask<{ port: number }>(order);
    const of = { pid: child.process.pid!, load: new Load(child), url: `http://127.0.0.1:${port}`, accessDirectory };
    return new BenchShop(of, () => child.end());
  }

  get linkUrl(): string {
    return `${this.url.replace('http', 'ws')}${LINK_PATH}`;
  }

  /** The token that daemons of this machine show. */
  get joinToken(): string {
    return readTokenFile(joinTokenFile(this.accessDirectory))!;
  }

  /** Resolves when so many plants can be awarded to. */
  async connected(plants: number): Promise<void> {
    const known = () => plantsAt(this.url);
    await eventually(`${plants} plants are connected`, async () => (await known()) === plants, PLANTS_COME_MS);
  }

  /** Returns its use of memory, as its endpoint reports it to an operator. */
  memory(): Promise<MemoryReply> {
    const token = readTokenFile(localTokenFile(this.accessDirectory))!;
    return new ShopClient(this.url, { token }).memory();
  }

  get cpuMs(): number {
    return cpuMsOf(this.pid);
  }

  end(): Promise<void> {
    return this.#end();
  }
}

const startShopDaemon = (folder: string, config: Record<string, unknown>): Promise<Daemon> =>
  startDaemon(
    { name: 'vmshop', configFile: join(folder, 'shop.json'), config, logFile: join(folder, 'shop.log') },
    AbortSignal.timeout(START_MS),
  );

async function plantsAt(url: string): Promise<number> {
  const ready = (await (await fetch(`${url}/health/ready`)).json()) as { readonly plants: number };
  return ready.plants;
}
