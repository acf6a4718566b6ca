/**
 * A create of which every action is cached, from the request to the classad: of an image whose guest has the resident
 * agent, and of one whose guest has not, which gets its identity from the runner. In turn with the floor: the bare
 * restore of the latter, and the handshake of its agent.
 */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findHome } from '@vmgrid/daemon';
import type { Dag, ScriptAction } from '@vmgrid/dag';
import { type MachineSpec, ShopClient } from '@vmgrid/protocol';
import { type GoldenImage, Warehouse } from '@vmgrid/warehouse';
import { buildBaseImage } from '../../packages/vmgrid/src/local-grid/base-image.ts';
import { type Grid, startGrid } from '../../packages/vmgrid/src/local-grid/grid.ts';
import { argumentsOf, timeFloor, vmmIn } from './bare-restore.ts';
import { linkBase, WITHOUT_AGENT } from './create/base-without-agent.ts';
import { Clones, type Until } from './create/clones.ts';
import { type BenchSuite, countOf, median } from './suite.ts';

const ROUNDS = 9;
const script = (id: string, text: string): ScriptAction => ({ kind: 'script', id, script: text });
const DAG: Dag = { actions: [script('mark', 'echo made > /root/mark')] };

type Phases = Readonly<Record<string, number>>;

interface Way {
  readonly createMs: number;
  readonly phasesMs: Phases;
  /** With one trivial script that is not cached. */
  readonly oneScriptMs: number;
  /** Translated blocks until the guest has its identity. */
  readonly blocks: number;
  /** Private memory of the process of an idle clone. */
  readonly privateMiB: number;
}

interface CreateResult {
  readonly os: string;
  readonly memoryMiB: number;
  readonly rounds: number;
  readonly floorMs: number;
  readonly floorBlocks: number;
  readonly byRunner: Way;
  readonly byAgent: Way;
}

export const suite: BenchSuite<CreateResult> = {
  options: ['os', 'memory', 'rounds'],
  async run(say, options) {
    const os = options.os ?? 'debian-12';
    const memoryMiB = countOf(options, 'memory', 256);
    const rounds = countOf(options, 'rounds', ROUNDS);
    const home = findHome(process.env);
    const { imageId } = await buildBaseImage({ os, warehouse: home.warehouse }, true);
    mkdirSync(join(home.root, 'bench'), { recursive: true });
    const directory = mkdtempSync(join(home.root, 'bench', 'create-'));
    chmodSync(directory, 0o755);
    const spec = { arch: 'x86_64', os, memoryMiB, cpus: 1, diskMiB: os === 'tiny-1' ? 256 : 2048 } as const;
    const sites: Site[] = [];
    try {
      for (const [name, layouts] of [['runner', WITHOUT_AGENT] as const, ['agent', undefined] as const]) {
        say(`making the image whose clones get their identity from the ${name}`);
        await linkBase({ from: home.warehouse, to: join(directory, name, 'warehouse'), imageId, layouts });
        sites.push(await Site.open(join(directory, name), spec));
      }
      return { os, memoryMiB, rounds, ...(await measure(sites as [Site, Site], rounds, say)) };
    } finally {
      for (const site of sites) await site.close();
      rmSync(directory, { recursive: true });
    }
  },
  describe(result) {
    const row = (name: string, { createMs, oneScriptMs, blocks, privateMiB, phasesMs }: Way) => {
      const phases = Object.entries(phasesMs).map(([phase, value]) => `${phase} ${value}`);
      return `${name}: create ${createMs} ms, with a script ${oneScriptMs} ms, ${blocks} blocks, ${privateMiB} MiB (${phases.join(', ')})`;
    };
    const { os, memoryMiB, rounds, floorMs, floorBlocks } = result;
    return [
      `${os}, ${memoryMiB} MiB, medians of ${rounds}`,
      `floor, a bare restore and a handshake: ${floorMs} ms, ${floorBlocks} blocks`,
      row('by the runner', result.byRunner),
      row('by the agent', result.byAgent),
    ].join('\n');
  },
};

async function measure([runner, agent]: [Site, Site], rounds: number, say: (text: string) => void) {
  const args = await runner.restoreArguments();
  const floors: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    say(`round ${round} of ${rounds}`);
    const isFirst = round === 0; // everything is read for the first time
    for (const site of [runner, agent]) await site.measure(isFirst);
    const floor = await runner.timeFloor(args);
    if (!isFirst) floors.push(floor);
  }
  const floorBlocks = await runner.blocks('wake', rounds);
  return {
    floorMs: rounded(median(floors)),
    floorBlocks,
    byRunner: await runner.way(rounds),
    byAgent: await agent.way(rounds),
  };
}

/** A grid with a warehouse of its own, and one image in it. */
class Site {
  readonly #grid: Grid;
  readonly #client: ShopClient;
  readonly #directory: string;
  readonly #machine: MachineSpec;
  readonly #image: GoldenImage;
  readonly #creates: number[] = [];
  readonly #scripts: number[] = [];
  readonly #phases: Phases[] = [];

  private constructor(grid: Grid, directory: string, image: GoldenImage) {
    this.#grid = grid;
    this.#client = new ShopClient(grid.shopUrl, { token: grid.token });
    this.#directory = directory;
    this.#machine = image.manifest.machine;
    this.#image = image;
  }

  static async open(directory: string, machine: MachineSpec): Promise<Site> {
    const warehouse = join(directory, 'warehouse');
    const options = { directory, warehouse, plants: 1, httpPort: 0, xmlPort: 0, logLevel: 'error' };
    const grid = await startGrid(options, new AbortController().signal);
    try {
      const client = new ShopClient(grid.shopUrl, { token: grid.token });
      const { image } = await client.buildImage({ machine, dag: DAG });
      const golden = await (await Warehouse.open(warehouse)).inventory.image(image.imageId);
      return new Site(grid, directory, golden);
    } catch (error) {
      await grid.stop();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#grid.stop();
  }

  async measure(isFirst: boolean): Promise<void> {
    const [createMs, phases] = await this.#timeCreate(DAG);
    const more = [...DAG.actions, script('hello', 'echo hello')];
    const edges = [{ from: 'mark', to: 'hello' }];
    const [scriptMs] = await this.#timeCreate({ actions: more, edges });
    if (isFirst) return;
    this.#creates.push(createMs);
    this.#phases.push(phases);
    this.#scripts.push(scriptMs);
  }

  async way(rounds: number): Promise<Way> {
    const names = Object.keys(this.#phases[0] ?? {});
    const phasesMs = Object.fromEntries(
      names.map((name) => [name, rounded(median(this.#phases.map((phases) => phases[name] ?? 0)))]),
    );
    return {
      createMs: rounded(median(this.#creates)),
      phasesMs,
      oneScriptMs: rounded(median(this.#scripts)),
      blocks: await this.blocks('identity', rounds),
      privateMiB: await this.#withClone(privateMiB),
    };
  }

  async blocks(until: Until, rounds: number): Promise<number> {
    const folder = mkdtempSync(join(this.#directory, 'lines-'));
    chmodSync(folder, 0o755);
    const clones = new Clones(folder);
    const counts: number[] = [];
    for (let round = 0; round < rounds; round += 1) counts.push(await clones.blocksUntil(until, this.#image));
    rmSync(folder, { recursive: true });
    return median(counts);
  }

  restoreArguments(): Promise<readonly string[]> {
    return this.#withClone(argumentsOf);
  }

  timeFloor(args: readonly string[]): Promise<number> {
    return timeFloor({ args, image: this.#image.directory, directory: this.#directory });
  }

  async #timeCreate(dag: Dag): Promise<readonly [number, Phases]> {
    const startedAt = performance.now();
    const { vm } = await this.#client.create({ machine: this.#machine, dag });
    const elapsedMs = performance.now() - startedAt;
    await this.#client.destroy(String(vm.VmId));
    return [elapsedMs, vm.PhasesMs as Phases];
  }

  async #withClone<T>(look: (pid: string) => T): Promise<T> {
    const { vm } = await this.#client.create({ machine: this.#machine, dag: DAG });
    const folder = join(this.#directory, 'plants', 'plant-1', 'vms', String(vm.VmId), 'run');
    const found = look(vmmIn(folder));
    await this.#client.destroy(String(vm.VmId));
    return found;
  }
}

function privateMiB(pid: string): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kib = [...text.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB/gm)].reduce(
    (sum, [, one]) => sum + Number(one),
    0,
  );
  return rounded(kib / 1_024);
}

const rounded = (value: number): number => Math.round(value * 10) / 10;
