/** A machine of the uml line (overlay → agent answering) against the bare boot of the same base. Both take turns. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findHome } from '@vmgrid/daemon';
import { ShopClient } from '@vmgrid/protocol';
import { buildBaseImage } from '../../packages/vmgrid/src/local-grid/base-image.ts';
import { startGrid } from '../../packages/vmgrid/src/local-grid/grid.ts';
import { timeBareUml } from './bare-uml.ts';
import { type BenchSuite, median } from './suite.ts';

const ROUNDS = 9;
const MACHINE = { arch: 'x86_64', os: 'tiny-1', memoryMiB: 128, cpus: 1, diskMiB: 256, line: 'uml' } as const;

interface UmlResult {
  readonly floorMs: number;
  readonly bootMs: number;
  readonly ratio: number;
}

export const suite: BenchSuite<UmlResult> = {
  async run(say) {
    const home = findHome(process.env);
    const { imageId } = await buildBaseImage({ os: MACHINE.os, warehouse: home.warehouse }, true);
    mkdirSync(join(home.root, 'bench'), { recursive: true });
    const directory = mkdtempSync(join(home.root, 'bench', 'uml-'));
    chmodSync(directory, 0o755);
    const plantConfig = { lines: ['uml'] };
    const options = { directory, warehouse: home.warehouse, plants: 1, httpPort: 0, xmlPort: 0, logLevel: 'error' };
    const grid = await startGrid({ ...options, plantConfig }, new AbortController().signal);
    try {
      say(`${ROUNDS} machines and ${ROUNDS} bare boots in turn`);
      const [floors, boots]: [number[], number[]] = [[], []];
      const disk = join(home.warehouse, 'images', imageId, 'disk.raw');
      for (let round = 0; round < ROUNDS; round += 1) {
        boots.push(await timeCreate(new ShopClient(grid.shopUrl, { token: grid.token })));
        floors.push(await timeFloor(disk, directory));
        say(`machine ${Math.round(boots[round]!)} ms, bare ${Math.round(floors[round]!)} ms`);
      }
      const [floorMs, bootMs] = [Math.round(median(floors)), Math.round(median(boots))];
      return { floorMs, bootMs, ratio: Math.round((bootMs / floorMs) * 100) / 100 };
    } finally {
      await grid.stop();
      rmSync(directory, { recursive: true });
    }
  },
  describe: ({ floorMs, bootMs, ratio }) => `floor ${floorMs} ms   machine ${bootMs} ms   ratio ${ratio}`,
};

/** Milliseconds of the phases from overlay to agent, by the VM's own classad. */
async function timeCreate(client: ShopClient): Promise<number> {
  const { vm } = await client.create({ machine: MACHINE, dag: { actions: [] } });
  await client.destroy(String(vm.VmId));
  const phases = vm.PhasesMs as Record<string, number>;
  return phases.overlay! + phases.boot! + phases.agent!;
}

async function timeFloor(disk: string, directory: string): Promise<number> {
  const folder = mkdtempSync(join(directory, 'floor-'));
  try {
    return await timeBareUml({ memoryMiB: MACHINE.memoryMiB, disk, folder });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
