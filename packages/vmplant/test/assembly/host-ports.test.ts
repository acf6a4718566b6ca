/** Two plants of one name, of two grids, that share a warehouse. */
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { checkConfig, createLog } from '@vmgrid/daemon';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { baseDraft, promote } from '../../../warehouse/test/made-up-images.ts';
import { openHostPorts } from '../../src/assembly/host-ports.ts';
import { PlantConfig } from '../../src/config.ts';

const folder = useTemporaryFolder();

/** As a plant that starts opens its stores. */
async function start(state: string) {
  const config = checkConfig(
    PlantConfig,
    {
      ...{ plantId: 'plant-1', lines: ['simulated'] },
      ...{ stateDirectory: join(folder(), state), warehouseDirectory: join(folder(), 'warehouse') },
    },
    'test',
  );
  const { stores } = await openHostPorts(config, 'test', createLog('test', 'silent'));
  return { warehouse: stores.warehouse, stop: () => stores.database.close() };
}

test('one that starts drops its own images without a machine, and none that the other uses', async () => {
  const [one, two] = [await start('one'), await start('two')];
  await promote(one.warehouse, baseDraft('base'));
  await one.warehouse.references.acquire('base', 'vm-one');
  await two.warehouse.references.acquire('base', 'vm-two');
  expect(await two.warehouse.references.releaseAllBut(new Set())).toBe(1);
  one.stop();
  const again = await start('one');
  expect(await again.warehouse.references.of('base')).toEqual(['vm-one']);
  expect(await again.warehouse.references.releaseAllBut(new Set())).toBe(1);
  expect(await again.warehouse.references.of('base')).toEqual([]);
  again.stop();
  two.stop();
});
