/**
 * The plant's clone (overlay → agent answering) against the bare restore of the same image, for several memory sizes,
 * beside a cold boot and a full copy. Plant and floor take turns, so that both see the same host.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findHome } from '@vmgrid/daemon';
import { type BuildImageRequest, type MachineSpec, ShopClient } from '@vmgrid/protocol';
import { buildBaseImage } from '../../packages/vmgrid/src/local-grid/base-image.ts';
import { type Grid, startGrid } from '../../packages/vmgrid/src/local-grid/grid.ts';
import { argumentsOf, timeFloor, vmmIn } from './bare-restore.ts';
import { type BenchSuite, median } from './suite.ts';

const MEMORY_MIB = [128, 512, 2048] as const;
/** Taken for cold boots: no image of this size is suspended. */
const BOOT_MEMORY_MIB = 320;
const ROUNDS = 9;
const COLD_BOOTS = 7;

interface CloneResult {
  /** Medians over all sizes. */
  readonly floorMs: number;
  readonly cloneMs: number;
  readonly ratio: number;
  readonly byMemoryMiB: Readonly<Record<string, { readonly floorMs: number; readonly cloneMs: number }>>;
  readonly coldBootMs: number;
  /** Disk chain and memory of the 512 MiB image copied in full. */
  readonly fullCopyMs: number;
}

export const suite: BenchSuite<CloneResult> = {
  async run(say) {
    const home = findHome(process.env);
    await buildBaseImage({ os: 'debian-12', warehouse: home.warehouse }, true);
    mkdirSync(join(home.root, 'bench'), { recursive: true });
    const directory = mkdtempSync(join(home.root, 'bench', 'clone-'));
    execFileSync('chmod', ['755', directory]);
    const options = { directory, warehouse: home.warehouse, plants: 1, httpPort: 0, xmlPort: 0, logLevel: 'error' };
    const grid = await startGrid(options, new AbortController().signal);
    try {
      return await measure(new Bench(grid, directory, home.warehouse), say);
    } finally {
      await grid.stop();
      rmSync(directory, { recursive: true });
    }
  },
  describe({ floorMs, cloneMs, ratio, byMemoryMiB, coldBootMs, fullCopyMs }) {
    const rows = Object.entries(byMemoryMiB).map(
      ([size, row]) => `${size.padStart(5)} MiB   floor ${ms(row.floorMs)}   clone ${ms(row.cloneMs)}`,
    );
    return [
      ...rows,
      `all sizes   floor ${ms(floorMs)}   clone ${ms(cloneMs)}   ratio ${ratio}`,
      `cold boot ${ms(coldBootMs)}, full copy ${ms(fullCopyMs)}`,
    ].join('\n');
  },
};

async function measure(bench: Bench, say: (text: string) => void): Promise<CloneResult> {
  const rows: Record<string, { floorMs: number; cloneMs: number }> = {};
  const floors: number[] = [];
  const clones: number[] = [];
  for (const memoryMiB of MEMORY_MIB) {
    say(`${memoryMiB} MiB: ${ROUNDS} clones and ${ROUNDS} bare restores in turn`);
    const round = await bench.compare(memoryMiB);
    rows[memoryMiB] = { floorMs: rounded(median(round.floors)), cloneMs: rounded(median(round.clones)) };
    floors.push(...round.floors);
    clones.push(...round.clones);
  }
  say(`${COLD_BOOTS} cold boots and full copies`);
  const boots: number[] = [];
  const copies: number[] = [];
  for (let round = 0; round < COLD_BOOTS; round += 1) {
    boots.push(await bench.timeCreate(BOOT_MEMORY_MIB));
    copies.push(await bench.timeFullCopy(512));
  }
  const floorMs = rounded(median(floors));
  const cloneMs = rounded(median(clones));
  const ratio = Math.round((cloneMs / floorMs) * 100) / 100;
  return {
    floorMs,
    cloneMs,
    ratio,
    byMemoryMiB: rows,
    coldBootMs: rounded(median(boots)),
    fullCopyMs: rounded(median(copies)),
  };
}

const machineOf = (memoryMiB: number): MachineSpec => ({
  arch: 'x86_64',
  os: 'debian-12',
  memoryMiB,
  cpus: 1,
  diskMiB: 2048,
});

class Bench {
  readonly #client: ShopClient;
  readonly #directory: string;
  readonly #warehouse: string;

  constructor(grid: Grid, directory: string, warehouse: string) {
    this.#client = new ShopClient(grid.shopUrl, { token: grid.token });
    this.#directory = directory;
    this.#warehouse = warehouse;
  }

  async compare(memoryMiB: number): Promise<{ readonly floors: number[]; readonly clones: number[] }> {
    const image = join(this.#warehouse, 'images', await this.#imageOf(memoryMiB));
    const args = await this.#restoreArguments(memoryMiB);
    const floors: number[] = [];
    const clones: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      clones.push(await this.timeCreate(memoryMiB));
      floors.push(await timeFloor({ args, image, directory: this.#directory }));
    }
    return { floors, clones };
  }

  /** Milliseconds of the phases from overlay to agent, by the VM's own classad. */
  async timeCreate(memoryMiB: number): Promise<number> {
    const { vm } = await this.#client.create({ machine: machineOf(memoryMiB), dag: { actions: [] } });
    await this.#client.destroy(String(vm.VmId));
    const phases = vm.PhasesMs as Record<string, number>;
    return phases.overlay! + (phases.restore ?? phases.boot)! + phases.agent!;
  }

  /** Milliseconds to copy an image as one would without copy-on-write. */
  async timeFullCopy(memoryMiB: number): Promise<number> {
    const image = join(this.#warehouse, 'images', await this.#imageOf(memoryMiB));
    const folder = mkdtempSync(join(this.#directory, 'copy-'));
    const startedAt = performance.now();
    execFileSync('qemu-img', ['convert', '-O', 'qcow2', join(image, 'disk.qcow2'), join(folder, 'disk.qcow2')]);
    execFileSync('cp', ['--sparse=never', join(image, 'memory.bin'), join(folder, 'memory.bin')]);
    const elapsedMs = performance.now() - startedAt;
    rmSync(folder, { recursive: true });
    return elapsedMs;
  }

  /** A suspended image of the bare system with this much memory. */
  async #imageOf(memoryMiB: number): Promise<string> {
    const request: BuildImageRequest = { machine: machineOf(memoryMiB), dag: { actions: [] } };
    return (await this.#client.buildImage(request)).image.imageId;
  }

  async #restoreArguments(memoryMiB: number): Promise<readonly string[]> {
    const { vm } = await this.#client.create({ machine: machineOf(memoryMiB), dag: { actions: [] } });
    const args = argumentsOf(vmmIn(join(this.#directory, 'plants', 'plant-1', 'vms', String(vm.VmId), 'run')));
    await this.#client.destroy(String(vm.VmId));
    return args;
  }
}

const rounded = (value: number): number => Math.round(value * 10) / 10;
const ms = (value: number): string => `${value.toFixed(1)} ms`;
