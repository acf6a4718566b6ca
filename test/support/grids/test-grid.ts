/**
 * A grid for one test file: real shop and plant processes with ports, state and warehouse of their own. Closing it
 * destroys its VMs, stops its daemons and tells what is left, which must be nothing.
 */
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { localTokenFile, readTokenFile } from '@vmgrid/access';
import { ShopClient } from '@vmgrid/protocol';
import { buildBaseImage } from '../../../packages/vmgrid/src/local-grid/base-image.ts';
import { type Daemon, type DaemonName, startDaemon } from '../../../packages/vmgrid/src/local-grid/daemons.ts';
import { eventually, processesBelow } from '../hosts/processes.ts';
import { SIMULATED_MACHINE } from './documents.ts';
import { freezeBlank } from './freeze-blank.ts';
import { stockBase, stockWarehouse, testFolder } from './test-warehouse.ts';

export interface TestGridOptions {
  /**
   * The production line of its plants; QEMU unless it says otherwise. A simulated one starts with its base image alone.
   */
  readonly line?: 'qemu' | 'simulated';
  readonly plants?: number;
  /** Brokers, started one after the other before the plants. */
  readonly brokers?: readonly string[];
  /** The upstreams of a plant or broker: `shop` and brokers, by name. */
  readonly upstreams?: Readonly<Record<string, readonly string[]>>;
  readonly shopConfig?: object;
  readonly plantConfig?: object;
  /** Operating system whose base image is all that the warehouse has. */
  readonly base?: string;
  /** Executables for the host-action folder: name to text. */
  readonly hostActions?: Readonly<Record<string, string>>;
  /** A folder to stand in, which must not be there yet; left out, a new one. */
  readonly folder?: string;
}

/** To start a grid, including the making of the images that all tests share. */
export const OPEN_GRID_MS = 240_000;

export class TestGrid {
  readonly directory: string;
  readonly #options: TestGridOptions;
  readonly #daemons = new Map<string, Daemon>();
  /** Ports of the shop, which stay the same when it is started again. */
  #ports = { httpPort: 0, xmlPort: 0 };
  readonly #brokerPorts = new Map<string, number>();

  private constructor(directory: string, options: TestGridOptions) {
    this.directory = directory;
    this.#options = options;
  }

  static async open(name: string, options: TestGridOptions = {}): Promise<TestGrid> {
    const grid = await TestGrid.#make(name, options);
    try {
      await grid.#stock();
      await grid.#start();
      return grid;
    } catch (error) {
      await grid.#clearAway();
      throw error;
    }
  }

  async #stock(): Promise<void> {
    const { base } = this.#options;
    if (base !== undefined) await stockBase(this.warehouse, base, AbortSignal.timeout(OPEN_GRID_MS));
    else if (this.#line === 'simulated')
      await buildBaseImage({ os: SIMULATED_MACHINE.os, warehouse: this.warehouse }, true);
    else await stockWarehouse(this.warehouse, freezeBlank, AbortSignal.timeout(OPEN_GRID_MS));
  }

  get #line(): 'qemu' | 'simulated' {
    return this.#options.line ?? 'qemu';
  }

  static async #make(name: string, options: TestGridOptions): Promise<TestGrid> {
    if (options.folder !== undefined) await mkdir(options.folder, { mode: 0o755 });
    const grid = new TestGrid(options.folder ?? (await testFolder(name)), options);
    await mkdir(grid.outbox);
    await chmod(grid.outbox, 0o777); // host actions run as nobody
    await mkdir(join(grid.directory, 'host-actions'), { mode: 0o755 });
    for (const [action, text] of Object.entries(options.hostActions ?? {})) {
      await writeFile(join(grid.directory, 'host-actions', action), text, { mode: 0o755 });
    }
    return grid;
  }

  get warehouse(): string {
    return join(this.directory, 'warehouse');
  }

  /** Where host actions may write. */
  get outbox(): string {
    return join(this.directory, 'outbox');
  }

  get shopUrl(): string {
    return `http://127.0.0.1:${this.#ports.httpPort}`;
  }

  get xmlPort(): number {
    return this.#ports.xmlPort;
  }

  get client(): ShopClient {
    return new ShopClient(this.shopUrl, { token: this.token });
  }

  get accessDirectory(): string {
    return join(this.directory, 'access');
  }

  /** Token of an operator, which the shop made when it started. */
  get tokenFile(): string {
    return localTokenFile(this.accessDirectory);
  }

  get token(): string {
    return readTokenFile(this.tokenFile)!;
  }

  /** Options of the command line that reach this grid. */
  get flags(): readonly string[] {
    return ['--shop', this.shopUrl, '--token-file', this.tokenFile];
  }

  /** `shop`, `plant-1`, … */
  daemon(name: string): Daemon {
    const daemon = this.#daemons.get(name);
    if (!daemon) throw new Error(`${name} was not started`);
    return daemon;
  }

  stateOf(plant: string): string {
    return join(this.directory, 'plants', plant);
  }

  logOf(name: string): Promise<string> {
    return readFile(join(this.directory, `${name}.log`), 'utf8');
  }

  async kill(name: string): Promise<void> {
    process.kill(this.daemon(name).pid, 'SIGKILL');
    await this.daemon(name).ended;
  }

  /** Starts a daemon again, or another plant; resolves when it is ready. */
  async start(name: string): Promise<void> {
    const [program, config] = this.#programOf(name);
    const [configFile, logFile] = [join(this.directory, `${name}.json`), join(this.directory, `${name}.log`)];
    const daemon = await startDaemon({ name: program, configFile, config, logFile }, AbortSignal.timeout(60_000));
    this.#daemons.set(name, daemon);
    if (name.startsWith('broker')) this.#brokerPorts.set(name, Number(daemon.ready.httpPort));
    if (name === 'shop') {
      this.#ports = { httpPort: Number(daemon.ready.httpPort), xmlPort: Number(daemon.ready.xmlPort) };
    }
  }

  /** Starts a plant with the configuration of one that runs. */
  async startTwin(plantId: string): Promise<void> {
    const [program, config] = this.#plant(plantId);
    const name = `${plantId}-twin`;
    const [configFile, logFile] = [join(this.directory, `${name}.json`), join(this.directory, `${name}.log`)];
    this.#daemons.set(
      name,
      await startDaemon({ name: program, configFile, config, logFile }, AbortSignal.timeout(60_000)),
    );
  }

  /** Resolves when this many plants are connected to the shop. */
  async connected(plants: number): Promise<void> {
    const count = async () => (await this.client.plants()).plants.length;
    await eventually(`${plants} plants are connected`, async () => (await count()) === plants);
  }

  /** The folders of VMs, by plant and id. */
  async vmFolders(): Promise<readonly string[]> {
    return this.#filesBelow('plants', /^[^/]+\/vms\/[^/]+$/);
  }

  /** Returns the leftovers of machines and unfinished images; it must be empty when all VMs are destroyed. */
  async leftovers(): Promise<readonly string[]> {
    const machines = await processesBelow(this.directory);
    return [
      ...machines.map(({ pid, command }) => `process ${pid} ${command.slice(0, 80)}`),
      ...(await this.vmFolders()),
      ...(await this.#filesBelow('plants', /\.sock$/)),
      ...(await this.#filesBelow('warehouse', /^references\/[^/]+\/[^/]+$|^(staging|trash)\/[^/]+$/)),
    ];
  }

  /** Files of the grid, but for the disks and memories of machines, that have a text in them. */
  async filesWith(text: string): Promise<readonly string[]> {
    const names = await this.#filesBelow('.', /^(?!warehouse\/images\/).*\.(json|log|sqlite|sqlite-wal|iso)$/);
    const contents = await Promise.all(names.map((name) => readFile(join(this.directory, name), 'latin1')));
    return names.filter((_, index) => contents[index]!.includes(text));
  }

  /** Destroys all VMs, stops all daemons, removes the folder. Returns what was left before that. */
  async close(): Promise<readonly string[]> {
    try {
      const { vms } = await this.client.list();
      for (const { VmId } of vms) await this.client.destroy(String(VmId));
      await this.stop();
      return await this.leftovers();
    } finally {
      await this.#clearAway();
    }
  }

  /** Stops the daemons; VMs run on. */
  async stop(): Promise<void> {
    const { shop, plants } = Object.groupBy(this.#daemons, ([name]) => (name === 'shop' ? 'shop' : 'plants'));
    for (const group of [plants, shop]) await Promise.all((group ?? []).map(([, daemon]) => daemon.stop()));
  }

  async #start(): Promise<void> {
    await this.start('shop');
    for (const broker of this.#options.brokers ?? []) await this.start(broker);
    const names = Array.from({ length: this.#options.plants ?? 1 }, (_, index) => `plant-${index + 1}`);
    await Promise.all(names.map((name) => this.start(name)));
  }

  #programOf(name: string): [DaemonName, Record<string, unknown>] {
    if (name === 'shop') return this.#shop();
    return name.startsWith('broker') ? this.#broker(name) : this.#plant(name);
  }

  /** Addresses of the shop and brokers that a plant or broker dials; the shop's unless the options say otherwise. */
  #upstreamsOf(name: string): string[] {
    const above = this.#options.upstreams?.[name] ?? ['shop'];
    return above.map(
      (one) => `ws://127.0.0.1:${one === 'shop' ? this.#ports.httpPort : this.#brokerPorts.get(one)}/v1/link`,
    );
  }

  #broker(brokerId: string): [DaemonName, Record<string, unknown>] {
    const httpPort = this.#brokerPorts.get(brokerId) ?? 0;
    const { accessDirectory } = this;
    const upstreams = this.#upstreamsOf(brokerId);
    return ['vmbroker', { brokerId, upstreams, httpPort, accessDirectory, logLevel: 'debug' }];
  }

  #shop(): [DaemonName, Record<string, unknown>] {
    const stateDirectory = join(this.directory, 'shop');
    const { accessDirectory } = this;
    return [
      'vmshop',
      { ...this.#ports, stateDirectory, accessDirectory, logLevel: 'debug', ...this.#options.shopConfig },
    ];
  }

  #plant(plantId: string): [DaemonName, Record<string, unknown>] {
    const config = {
      plantId,
      upstreams: this.#upstreamsOf(plantId),
      stateDirectory: this.stateOf(plantId),
      warehouseDirectory: this.warehouse,
      accessDirectory: this.accessDirectory,
      hostActionDirectory: join(this.directory, 'host-actions'),
      capacity: { memoryMiB: 4_096, diskMiB: 65_536 },
      lines: [this.#line],
      logLevel: 'debug',
      ...this.#options.plantConfig,
    };
    return ['vmplant', config];
  }

  async #filesBelow(folder: string, wanted: RegExp): Promise<string[]> {
    const names = await readdir(join(this.directory, folder), { recursive: true }).catch(() => []);
    return names.filter((name) => wanted.test(name)).map((name) => `${folder}/${name}`);
  }

  /** Ends everything by force, so that a failed test leaves nothing on this machine either. */
  async #clearAway(): Promise<void> {
    for (const { pid } of this.#daemons.values()) endProcess(pid);
    for (const { pid } of await processesBelow(this.directory)) endProcess(pid);
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A process that has ended already is ignored. */
function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
