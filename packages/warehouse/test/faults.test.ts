/** A process that dies at any step of its work on a warehouse leaves what the next one to open it finds clean. */

import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { startNode } from '@vmgrid/test-support/hosts/node-process.ts';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { NO_DEADLINE } from '@vmgrid/test-support/jest/no-deadline.ts';
import { exportImage } from '../src/archive/export.ts';
import { verifyImages } from '../src/care/verify.ts';
import { Warehouse } from '../src/warehouse.ts';
import { baseDraft, promote, promoteReal, suspendedDraft } from './made-up-images.ts';

const directory = useTemporaryFolder();
const DYING_PROCESS = join(import.meta.dirname, 'dying-process.ts');
const MOST_STEPS = 40;

/** `old` has all that may stand beside an image; of raw disks, so that `verify` can judge all of it. */
async function stock(folder: string): Promise<void> {
  const warehouse = await Warehouse.open(folder, { owner: 'dying' });
  await promote(warehouse, baseDraft('base'));
  await promote(warehouse, baseDraft('old', { base: 'base', parent: 'base' }));
  await warehouse.references.acquire('old', 'vm-1');
  await warehouse.references.drop('old', 'vm-1');
  await warehouse.label('old', { addTags: ['stable'] });
}

/** Runs the task in a process that dies after that many steps. Returns whether it died. */
async function runUntil(task: string, folder: string, step: number): Promise<boolean> {
  const worker = startNode(DYING_PROCESS, folder, task, String(step));
  const died = await worker.end().then(
    (lines) => !lines.includes('ended'),
    () => true,
  );
  return died;
}

async function requireClean(folder: string): Promise<readonly string[]> {
  const warehouse = await Warehouse.open(folder, { owner: 'dying' });
  const ids = [...(await warehouse.inventory.images()).keys()].sort();
  expect(await warehouse.inventory.broken()).toEqual([]);
  expect(await readdir(join(folder, 'staging'))).toEqual([]);
  expect(await readdir(join(folder, 'trash'))).toEqual([]);
  for (const beside of ['references', 'hits']) {
    const names = await readdir(join(folder, beside));
    expect(names.filter((name) => !ids.includes(name))).toEqual([]);
  }
  const { tags } = JSON.parse(await readFile(join(folder, 'labels.json'), 'utf8'));
  expect(tags).toEqual(ids.includes('old') ? { stable: 'old' } : {});
  const verified = await verifyImages(
    warehouse.inventory,
    ids.filter((id) => id !== 'new'),
    { signal: NO_DEADLINE },
  );
  expect(verified.flatMap(({ faults }) => faults)).toEqual([]);
  return ids;
}

/** Some thirty processes one after another. */
const A_PROCESS_A_STEP_MS = 600_000;

/** Returns the state of the images after a death at each step; the last one is after an undisturbed run. */
async function outcomes(task: string): Promise<string[]> {
  const found: string[] = [];
  for (let step = 1; step <= MOST_STEPS; step += 1) {
    const folder = join(directory(), `${task}-${step}`);
    await stock(folder);
    const died = await runUntil(task, folder, step);
    found.push((await requireClean(folder)).join(' '));
    if (!died) return found;
  }
  throw new Error(`${task} has more than ${MOST_STEPS} steps`);
}

test(
  'promotion: the image is there as a whole or not at all',
  async () => {
    const found = await outcomes('promote');
    expect(found.length).toBeGreaterThan(6);
    expect(new Set(found.slice(0, -2))).toEqual(new Set(['base old']));
    expect(found.slice(-2)).toEqual(['base new old', 'base new old']);
  },
  A_PROCESS_A_STEP_MS,
);

test(
  'import: nothing before all has arrived; then each image as a whole or not at all, those below first',
  async () => {
    const machine = { ...baseDraft('base').machine, diskMiB: 64 };
    const from = await Warehouse.open(join(directory(), 'from'));
    await promoteReal(from, baseDraft('base', { machine }), 'another base');
    await promoteReal(from, suspendedDraft('octave', 'base', { machine }), 'octave');
    await exportImage(from, { image: 'octave', path: join(directory(), 'archive') }, { signal: NO_DEADLINE });
    const images = (await outcomes('import')).map((ids) => ids.split(' ').length);
    expect(images).toEqual(images.toSorted());
    expect([...new Set(images)]).toEqual([2, 3, 4]);
    expect(images.filter((many) => many === 2).length).toBeGreaterThan(6);
  },
  A_PROCESS_A_STEP_MS,
);

test(
  'removal: the image is gone with all that stood beside it, or none of it is',
  async () => {
    const found = await outcomes('remove');
    expect(found.length).toBeGreaterThan(5);
    expect(new Set(found)).toEqual(new Set(['base']));
  },
  A_PROCESS_A_STEP_MS,
);

test(
  'collection: as removal, for each image that goes',
  async () => {
    expect(new Set(await outcomes('collect'))).toEqual(new Set(['base']));
  },
  A_PROCESS_A_STEP_MS,
);

test('an image that was half written by something else is left for the operator, and named', async () => {
  await stock(directory());
  await mkdir(join(directory(), 'images', 'torn'));
  await writeFile(join(directory(), 'images', 'torn', 'disk.raw'), 'half');
  const warehouse = await Warehouse.open(directory());
  expect(await warehouse.inventory.broken()).toEqual([{ id: 'torn', reason: expect.any(String) }]);
});

test('an image that would go over the quota is refused with the numbers, and leaves nothing', async () => {
  const warehouse = await Warehouse.open(directory(), { quotaMiB: 1 });
  await promote(warehouse, baseDraft('base'));
  const staging = await warehouse.claims.stage();
  for (const file of ['vmlinuz', 'initrd.img']) await writeFile(join(staging.directory, file), file);
  await writeFile(join(staging.directory, 'disk.raw'), Buffer.alloc(2 * 1_048_576, 1));
  await expect(warehouse.claims.promote(staging, baseDraft('large'))).rejects.toMatchObject({
    code: 'WAREHOUSE_FULL',
    details: { imageId: 'large', usedMiB: 1, neededMiB: 3, limitMiB: 1 },
  });
  await staging.discard();
  expect([...(await warehouse.inventory.images()).keys()]).toEqual(['base']);
  expect(await readdir(join(directory(), 'staging'))).toEqual([]);
});
