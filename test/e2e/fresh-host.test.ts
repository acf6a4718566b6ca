/** Daemons on a host where nothing is there yet: folders of any name, below each other, under umasks of the strict. */
import { chmod, mkdir, readdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ShopClient } from '@vmgrid/protocol';
import { dag, MACHINE, script } from '@vmgrid/test-support/grids/documents.ts';
import { OPEN_GRID_MS } from '@vmgrid/test-support/grids/test-grid.ts';
import { stockBase, testFolder } from '@vmgrid/test-support/grids/test-warehouse.ts';
import { processesBelow } from '@vmgrid/test-support/hosts/processes.ts';
import { testUnless } from '@vmgrid/test-support/jest/test-unless.ts';
import { type Grid, startGrid } from '../../packages/vmgrid/src/local-grid/grid.ts';

const NAME = 'o\'clock, "two" földer:1 $HOME *';
const WHY_NOT_ROOT =
  process.getuid?.() === 0 ? undefined : 'machines have users of their own only where the plant is root';
const mark = script('mark', 'echo marked > /root/mark');

let folder: string;
beforeAll(async () => {
  folder = await testFolder('fresh-host');
  await stockBase(join(folder, 'warehouses', NAME), MACHINE.os, AbortSignal.timeout(OPEN_GRID_MS));
}, OPEN_GRID_MS);
afterAll(async () => {
  expect(await processesBelow(folder)).toEqual([]);
  await rm(folder, { recursive: true, force: true });
}, 60_000);

/** With the umask of whoever starts it. */
async function start(umask: number, directory: string, plantConfig: object = {}): Promise<Grid> {
  const before = process.umask(umask);
  const options = { plants: 1, httpPort: 0, xmlPort: 0, logLevel: 'error' };
  const places = {
    directory,
    warehouse: join(folder, 'warehouses', NAME),
    accessDirectory: join(directory, 'deep', NAME, 'access'),
  };
  try {
    return await startGrid(
      { ...places, ...options, plantConfig: { lines: ['qemu', 'uml'], ...plantConfig } },
      AbortSignal.timeout(60_000),
    );
  } finally {
    process.umask(before);
  }
}

/** An image, and a machine on each line. */
async function useGrid(grid: Grid, ...lines: readonly ('qemu' | 'uml')[]): Promise<void> {
  const client = new ShopClient(grid.shopUrl, { token: grid.token });
  const { image } = await client.buildImage({ machine: { ...MACHINE, line: 'qemu' }, dag: dag([mark]) });
  for (const line of lines) {
    const { vm } = await client.create({ machine: { ...MACHINE, line }, dag: dag([mark]) });
    expect(vm).toMatchObject({ State: 'running', Line: line });
    if (line === 'qemu') expect(vm).toMatchObject({ ImageId: image.imageId, ActionsCached: 1 });
    await client.destroy(String(vm.VmId));
  }
  await client.removeImage(image.imageId);
}

test.each([0o077, 0o027])(
  'under umask %o, with all folders below new ones and of odd names, machines of QEMU run',
  async (umask) => {
    const directory = join(folder, `umask ${umask}`, NAME);
    const grid = await start(umask, directory, { stateDirectory: join(directory, 'deep', 'state', NAME) });
    await useGrid(grid, 'qemu').finally(() => grid.stop());
  },
  240_000,
);

test('a state folder may be a link', async () => {
  await mkdir(join(folder, 'real'), { mode: 0o755 });
  await symlink('real', join(folder, 'link'));
  const grid = await start(0o022, join(folder, 'link'));
  await useGrid(grid, 'qemu', 'uml').finally(() => grid.stop());
  expect(await readdir(join(folder, 'real'))).toContain('plants');
}, 240_000);

testUnless(WHY_NOT_ROOT)(
  'a folder that machines cannot pass through is named when the plant starts',
  async () => {
    const closed = join(folder, 'closed');
    await mkdir(closed);
    await chmod(closed, 0o750);
    await expect(start(0o022, join(closed, 'grid'))).rejects.toMatchObject({
      code: 'FOLDER_CLOSED',
      message: expect.stringContaining(`cannot pass through ${closed}`),
    });
  },
  60_000,
);
