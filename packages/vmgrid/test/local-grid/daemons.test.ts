import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { processesNaming } from '@vmgrid/test-support/hosts/processes.ts';
import { startDaemon } from '../../src/local-grid/daemons.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vmgrid-daemons-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a start that was called off before it began is CANCELLED, and leaves no daemon', async () => {
  const config = { httpPort: 0, xmlPort: 0, accessDirectory: join(folder, 'access'), stateDirectory: folder };
  const starting = startDaemon(
    { name: 'vmshop', configFile: join(folder, 'shop.json'), config, logFile: join(folder, 'log') },
    AbortSignal.abort(),
  );
  await expect(starting).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(await processesNaming(folder)).toEqual([]);
});
