/** Images of comparisons whose plant died, in a warehouse that others use. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createLog } from '@vmgrid/daemon';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { isAbandoned, newWorkName, Warehouse } from '@vmgrid/warehouse';
import { baseDraft, promote, suspendedDraft } from '../../../warehouse/test/made-up-images.ts';
import { removeOwnImages } from '../../src/equality/own-images.ts';

const folder = useTemporaryFolder();

/** The name of a work that a process of this host had, which is dead. */
function nameOfTheDead(): string {
  const module = join(import.meta.dirname, '../../../warehouse/src/making/work-name.ts');
  const script = `process.stdout.write((await import(${JSON.stringify(module)})).newWorkName())`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }).stdout;
}

test('only those of dead processes of this host go when a plant starts', async () => {
  const warehouse = await Warehouse.open(folder(), { owner: 'plant-1' });
  await promote(warehouse, baseDraft('base'));
  const alive = newWorkName();
  const uses = { dead: nameOfTheDead(), alive, foreign: alive.replace(/^........-/, '0123abcd-') };
  for (const [id, madeFor] of Object.entries(uses)) await promote(warehouse, suspendedDraft(id, 'base', { madeFor }));
  await removeOwnImages(isAbandoned, { warehouse, log: createLog('test', 'silent') });
  expect([...(await warehouse.inventory.allImages()).keys()].sort()).toEqual(['alive', 'base', 'foreign']);
});
