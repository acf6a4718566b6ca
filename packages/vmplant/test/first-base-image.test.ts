/** A plant whose warehouse is empty when it starts. */

import { EventEmitter, once } from 'node:events';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { openSecurity } from '@vmgrid/access';
import { checkConfig, type Log } from '@vmgrid/daemon';
import { linkImage, testBase, testFolder } from '@vmgrid/test-support/grids/test-warehouse.ts';
import type { GoldenImage } from '../../warehouse/src/images/manifest.ts';
import { Warehouse } from '../../warehouse/src/warehouse.ts';
import { PlantConfig } from '../src/config.ts';
import { type PlantDaemon, startPlant } from '../src/plant-daemon.ts';

const DEADLINE_MS = 600_000;

let folder = '';
let plant: PlantDaemon | undefined;
afterEach(async () => {
  await plant?.drain(AbortSignal.timeout(10_000));
  await rm(folder, { recursive: true, force: true });
});

/** Keeps what is logged, and tells each line by its message. */
function recordingLog() {
  const told = new EventEmitter();
  const write = (fields: unknown, message?: string) => void told.emit(message ?? '', fields);
  const log = { debug: write, info: write, warn: write, error: write } as Log;
  return { told, log };
}

/** Moves a whole image in at once, as a build does. */
async function moveIn(image: GoldenImage, warehouse: string): Promise<void> {
  const apart = (await Warehouse.open(join(folder, 'apart'))).directory;
  await linkImage(image, apart);
  const place = join('images', image.manifest.id);
  await rename(join(apart, place), join(warehouse, place));
}

test(
  'when its first base image comes, a plant tries with that kernel whether its machines get KVM',
  async () => {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const base = await testBase(signal, 'tiny-1');
    folder = await testFolder('empty');
    const warehouse = join(folder, 'warehouse');
    const places = { stateDirectory: join(folder, 'plant'), warehouseDirectory: warehouse };
    const document = {
      plantId: 'plant-1',
      ...places,
      accessDirectory: join(folder, 'access'),
      upstreams: [],
      httpPort: 0,
    };
    const config = checkConfig(PlantConfig, document, 'test');
    const { told, log } = recordingLog();
    const surface = { name: config.plantId, listens: [config.host], dials: [] };
    const security = await openSecurity(config, surface, { environment: {}, log });
    const first = once(told, 'line probed', { signal });
    plant = await startPlant(config, { security, version: '0', log });
    expect(await first).toMatchObject([{ accelerator: 'tcg', reason: expect.stringContaining('there is none yet') }]);
    const second = once(told, 'line probed', { signal });
    await moveIn(base, warehouse);
    const [{ accelerator, reason }] = await second;
    expect(reason).not.toContain('there is none yet');
    expect(accelerator === 'kvm').toBe(reason === '');
  },
  DEADLINE_MS,
);
