/** A grid on one machine: a shop and its plants, each a process of its own. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Daemon, startDaemon } from './daemons.ts';

export interface GridOptions {
  /** Where configuration and plants' state are kept. */
  readonly directory: string;
  readonly warehouse: string;
  readonly plants: number;
  /** 0 takes any free port. */
  readonly httpPort: number;
  readonly xmlPort: number;
  readonly logLevel: string;
  readonly guestNetwork?: 'isolated' | 'outbound';
  /** Fields of every plant's configuration that differ from the defaults. */
  readonly plantConfig?: Readonly<Record<string, unknown>>;
}

export interface Grid {
  readonly shopUrl: string;
  readonly xmlPort: number;
  readonly plantIds: readonly string[];
  /** Rejects when a daemon ends that nobody stopped. */
  readonly broken: Promise<never>;
  /** Drains the plants, then the shop. Their VMs live on. */
  stop(): Promise<void>;
}

/** Starts shop and plants; resolves when every plant has said hello to the shop. Leaves nothing running on failure. */
export async function startGrid(options: GridOptions, signal: AbortSignal): Promise<Grid> {
  const started: Daemon[] = [];
  const stop = async () => {
    const [shop, ...plants] = started;
    await Promise.all(plants.map((plant) => plant.stop()));
    await shop?.stop();
  };
  try {
    const shop = await startShop(options, signal);
    started.push(shop);
    const shopUrl = `http://127.0.0.1:${shop.ready.httpPort}`;
    const plantIds = Array.from({ length: options.plants }, (_, index) => `plant-${index + 1}`);
    for (const plantId of plantIds) started.push(await startPlant(plantId, shopUrl, options, signal));
    const broken = firstEnd(started);
    broken.catch(() => undefined); // after stop() nobody listens any more
    return { shopUrl, xmlPort: Number(shop.ready.xmlPort), plantIds, broken, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function startShop({ directory, httpPort, xmlPort, logLevel }: GridOptions, signal: AbortSignal): Promise<Daemon> {
  const stateDirectory = join(directory, 'shop');
  return startDaemon('vmshop', join(directory, 'shop.json'), { httpPort, xmlPort, logLevel, stateDirectory }, signal);
}

async function startPlant(
  plantId: string,
  shopUrl: string,
  options: GridOptions,
  signal: AbortSignal,
): Promise<Daemon> {
  const hostActionDirectory = join(options.directory, 'host-actions');
  await mkdir(hostActionDirectory, { recursive: true, mode: 0o755 });
  const config = {
    plantId,
    upstreams: [`${shopUrl.replace('http', 'ws')}/v1/link`],
    stateDirectory: join(options.directory, 'plants', plantId),
    warehouseDirectory: options.warehouse,
    hostActionDirectory,
    logLevel: options.logLevel,
    ...(options.guestNetwork === undefined ? {} : { guestNetwork: options.guestNetwork }),
    ...options.plantConfig,
  };
  return startDaemon('vmplant', join(options.directory, `${plantId}.json`), config, signal);
}

async function firstEnd(daemons: readonly Daemon[]): Promise<never> {
  const { name, status } = await Promise.race(
    daemons.map(async (daemon) => ({ name: daemon.name, status: await daemon.ended })),
  );
  throw new Error(`${name} ended with status ${status}; its log has the reason`);
}
