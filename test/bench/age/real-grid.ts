/** Two real plants whose machines are simulated, and a shop before them, each the product's own program. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SIMULATED_MACHINE } from '@vmgrid/test-support/grids/documents.ts';
import { buildBaseImage } from '../../../packages/vmgrid/src/local-grid/base-image.ts';
import { type Daemon, startDaemon } from '../../../packages/vmgrid/src/local-grid/daemons.ts';
import { BenchShop } from '../market/bench-shop.ts';
import { cpuMsOf } from '../market/process-figures.ts';
import { LONG_PAST } from './past.ts';
import { writePlantPast } from './plant-past.ts';

const PLANTS = ['plant-1', 'plant-2'];
const START_MS = 60_000;

export class RealGrid {
  readonly shop: BenchShop;
  readonly #folder: string;
  readonly #plants: Daemon[] = [];

  private constructor(shop: BenchShop, folder: string) {
    this.shop = shop;
    this.#folder = folder;
  }

  static async open({ isOld }: { readonly isOld: boolean }): Promise<RealGrid> {
    const folder = await mkdtemp(join(tmpdir(), 'vmgrid-age-'));
    const without = isOld ? [] : (['age'] as const);
    const shop = await BenchShop.open({ folder, without, machines: 'simulated' });
    const grid = new RealGrid(shop, folder);
    try {
      const warehouse = join(folder, 'warehouse');
      await buildBaseImage({ os: SIMULATED_MACHINE.os, warehouse }, true);
      for (const plantId of PLANTS) await grid.#openPlant(plantId, warehouse, isOld);
      await shop.connected(PLANTS.length);
    } catch (error) {
      await grid.close();
      throw error;
    }
    return grid;
  }

  async #openPlant(plantId: string, warehouseDirectory: string, isOld: boolean): Promise<void> {
    const stateDirectory = join(this.#folder, 'plants', plantId);
    await mkdir(stateDirectory, { recursive: true, mode: 0o711 });
    if (isOld) writePlantPast({ plantId, stateDirectory }, LONG_PAST);
    const config = {
      ...{ plantId, stateDirectory, warehouseDirectory, lines: ['simulated'], upstreams: [this.shop.linkUrl] },
      ...{ accessDirectory: this.shop.accessDirectory, capacity: { memoryMiB: 16_384, diskMiB: 1_000_000 } },
    };
    const [configFile, logFile] = ['json', 'log'].map((kind) => join(this.#folder, `${plantId}.${kind}`));
    this.#plants.push(
      await startDaemon({ name: 'vmplant', configFile: configFile!, config, logFile }, AbortSignal.timeout(START_MS)),
    );
  }

  /** The shop's and the plants' process ids. */
  get pids(): readonly number[] {
    return [this.shop.pid, ...this.#plants.map(({ pid }) => pid)];
  }

  get plantsCpuMs(): number {
    return this.#plants.reduce((sum, { pid }) => sum + cpuMsOf(pid), 0);
  }

  async close(): Promise<void> {
    await Promise.all(this.#plants.map((plant) => plant.stop()));
    await this.shop.end();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
