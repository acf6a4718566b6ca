import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { localTokenFile, readTokenFile } from '@vmgrid/access';
import { ShopClient } from '@vmgrid/protocol';
import { startDaemon } from '../../../packages/vmgrid/src/local-grid/daemons.ts';
import { MACHINE } from './documents.ts';
import { testFolder } from './test-warehouse.ts';

const FREEZE_MS = 240_000;

/** Adds the suspended blank machine to a warehouse, with a grid that is there for nothing else. */
export async function freezeBlank(warehouse: string): Promise<void> {
  const directory = await testFolder('blank');
  const logFile = join(directory, 'log');
  const signal = AbortSignal.timeout(FREEZE_MS);
  const accessDirectory = join(directory, 'access');
  const shopConfig = { httpPort: 0, xmlPort: 0, accessDirectory };
  const shop = await startDaemon(
    { name: 'vmshop', configFile: join(directory, 'shop.json'), config: shopConfig, logFile },
    signal,
  );
  const config = {
    plantId: 'blank',
    upstreams: [`ws://127.0.0.1:${shop.ready.httpPort}/v1/link`],
    stateDirectory: join(directory, 'plant'),
    warehouseDirectory: warehouse,
    accessDirectory,
  };
  try {
    const plant = await startDaemon(
      { name: 'vmplant', configFile: join(directory, 'plant.json'), config, logFile },
      signal,
    );
    const client = new ShopClient(`http://127.0.0.1:${shop.ready.httpPort}`, {
      token: readTokenFile(localTokenFile(accessDirectory))!,
    });
    await client.buildImage({ machine: MACHINE, dag: { actions: [] } }).finally(() => plant.stop());
  } finally {
    await shop.stop();
    await rm(directory, { recursive: true, force: true });
  }
}
