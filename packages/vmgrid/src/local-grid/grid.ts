/** A grid on one machine: a shop, its brokers and plants, each in a process of its own. */

import { join } from 'node:path';
import { localTokenFile, readTokenFile } from '@vmgrid/access';
import { makeFolder } from '@vmgrid/daemon';
import { GridError, LINK_PATH } from '@vmgrid/protocol';
import { type Daemon, type DaemonName, launchDaemon } from './daemons.ts';
import { settleConfig } from './grid-config.ts';

export interface GridOptions {
  /** Folder of the configuration and of the plants' state. */
  readonly directory: string;
  readonly warehouse: string;
  /** Folder of the tokens that its endpoints accept; left out, a folder below `directory`. */
  readonly accessDirectory?: string;
  readonly plants: number;
  /**
   * Number of brokers between the shop and the plants; each plant dials one of them. With none the plants dial the
   * shop.
   */
  readonly brokers?: number;
  /** 0 takes any free port. */
  readonly httpPort: number;
  readonly xmlPort: number;
  readonly logLevel: string;
  readonly guestNetwork?: 'isolated' | 'outbound';
  /** Those of the options above that override the files. Left out: all. */
  readonly asked?: ReadonlySet<string>;
  /** Fields of every plant's configuration that differ from the defaults. */
  readonly plantConfig?: Readonly<Record<string, unknown>>;
}

export interface Grid {
  readonly shopUrl: string;
  /** File of an operator's token, made by the daemons. */
  readonly tokenFile: string;
  readonly token: string;
  readonly xmlPort: number;
  readonly brokerIds: readonly string[];
  readonly plantIds: readonly string[];
  /** The lines that its plants are to have, by their files. */
  readonly lines: ReadonlySet<string>;
  /** Rejects when a daemon ends that nobody stopped. */
  readonly broken: Promise<never>;
  /** Drains the plants, then the brokers, then the shop. The VMs keep running. */
  stop(): Promise<void>;
}

/**
 * Starts the daemons, the upper ones first; resolves when every plant has said hello to the daemon that it dials. After
 * a failure nothing is left running.
 */
export async function startGrid(options: GridOptions, signal: AbortSignal): Promise<Grid> {
  makeFolder(options.directory, 0o755);
  const started: Daemon[] = [];
  const stop = async () => {
    for (const name of ['vmplant', 'vmbroker', 'vmshop'] satisfies DaemonName[]) {
      await Promise.all(started.filter((daemon) => daemon.name === name).map((daemon) => daemon.stop()));
    }
  };
  try {
    const shop = await startShop(options, signal);
    started.push(shop);
    const shopUrl = `http://127.0.0.1:${shop.ready.httpPort}`;
    const brokerIds = names('broker', options.brokers ?? 0);
    for (const id of brokerIds) started.push(await startBroker({ id, upstream: linkTo(shop) }, options, signal));
    const brokers = started.slice(1);
    const above = brokers.length > 0 ? brokers : [shop];
    const plantIds = names('plant', options.plants);
    for (const [index, id] of plantIds.entries()) {
      const upstream = linkTo(above[index % above.length]!);
      started.push(await startPlant({ id, upstream }, options, signal));
    }
    const broken = firstEnd(started);
    broken.catch(() => undefined); // after stop() nobody listens any more
    const tokenFile = localTokenFile(accessOf(options));
    const token = readTokenFile(tokenFile)!;
    const lines = new Set(started.flatMap(({ ready }) => (ready.lines as string[] | undefined) ?? []));
    const xmlPort = Number(shop.ready.xmlPort);
    return { shopUrl, tokenFile, token, xmlPort, brokerIds, plantIds, lines, broken, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Returns the folder of a plant's state in a grid on one machine. */
export const plantState = (directory: string, plantId: string): string => join(directory, 'plants', plantId);

const accessOf = ({ directory, accessDirectory = join(directory, 'access') }: GridOptions): string => accessDirectory;

interface GridDaemon {
  readonly name: DaemonName;
  readonly id: string;
  readonly places: Readonly<Record<string, unknown>>;
  /** Its other fields, under the names of the options where they are options. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Starts a daemon with its file as the operator has it. */
async function start({ name, id, places, fields }: GridDaemon, options: GridOptions, signal: AbortSignal) {
  const { directory, asked } = options;
  const configFile = join(directory, `${id}.json`);
  const inFile = { ...places, accessDirectory: accessOf(options) };
  const settled = await settleConfig(configFile, { places: inFile, fields, asked });
  return launchDaemon({ name, configFile, ...settled }, signal);
}

function startShop(options: GridOptions, signal: AbortSignal): Promise<Daemon> {
  const { directory, httpPort, xmlPort, logLevel } = options;
  const places = { stateDirectory: join(directory, 'shop') };
  return start({ name: 'vmshop', id: 'shop', places, fields: { httpPort, xmlPort, logLevel } }, options, signal);
}

/** A daemon, and the link that it dials. */
interface LowerDaemon {
  readonly id: string;
  readonly upstream: string;
}

function startBroker({ id, upstream }: LowerDaemon, options: GridOptions, signal: AbortSignal): Promise<Daemon> {
  const fields = { upstreams: [upstream], httpPort: 0, logLevel: options.logLevel };
  return start({ name: 'vmbroker', id, places: { brokerId: id }, fields }, options, signal);
}

async function startPlant(
  { id: plantId, upstream }: LowerDaemon,
  options: GridOptions,
  signal: AbortSignal,
): Promise<Daemon> {
  const hostActionDirectory = join(options.directory, 'host-actions');
  makeFolder(hostActionDirectory, 0o755);
  const places = {
    plantId,
    stateDirectory: plantState(options.directory, plantId),
    warehouseDirectory: options.warehouse,
    hostActionDirectory,
  };
  const { guestNetwork, logLevel, plantConfig } = options;
  const fields = { upstreams: [upstream], logLevel, ...(guestNetwork && { guestNetwork }), ...plantConfig };
  return start({ name: 'vmplant', id: plantId, places, fields }, options, signal);
}

const names = (kind: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${kind}-${index + 1}`);

const linkTo = ({ ready }: Daemon): string => `ws://127.0.0.1:${ready.httpPort}${LINK_PATH}`;

async function firstEnd(daemons: readonly Daemon[]): Promise<never> {
  const { name, status } = await Promise.race(
    daemons.map(async (daemon) => ({ name: daemon.name, status: await daemon.ended })),
  );
  throw new GridError('INTERNAL', `${name} ended with status ${status}; its log has the reason`, { name });
}
