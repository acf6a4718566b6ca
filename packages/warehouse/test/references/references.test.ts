import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { Warehouse } from '../../src/warehouse.ts';
import { baseDraft, promote, suspendedDraft } from '../made-up-images.ts';

const directory = useTemporaryFolder();

async function stocked(): Promise<Warehouse> {
  const warehouse = await Warehouse.open(directory());
  await promote(warehouse, baseDraft('base'));
  await promote(warehouse, suspendedDraft('octave', 'base'));
  return warehouse;
}

test('registering and dropping a user twice is as once', async () => {
  const warehouse = await Warehouse.open(directory());
  await promote(warehouse, baseDraft('base'));
  await warehouse.references.acquire('base', 'vm-1');
  await warehouse.references.acquire('base', 'vm-1');
  expect(await warehouse.references.of('base')).toEqual(['vm-1']);
  await warehouse.references.drop('base', 'vm-1');
  await warehouse.references.drop('base', 'vm-1');
  expect(await warehouse.references.of('base')).toEqual([]);
  expect(await warehouse.references.of('never-used')).toEqual([]);
});

test('each machine that is started from an image is a hit, also of several processes at once', async () => {
  const before = Date.now();
  await stocked();
  const plants = await Promise.all(Array.from({ length: 4 }, () => Warehouse.open(directory())));
  expect(await plants[0]!.hits.of('octave')).toEqual({ count: 0 });
  await Promise.all(
    Array.from({ length: 12 }, (_, index) => plants[index % 4]!.references.acquire('octave', `vm-${index}`)),
  );
  const { count, lastAt } = await plants[0]!.hits.of('octave');
  expect(count).toBe(12);
  expect(lastAt!.getTime()).toBeGreaterThan(before - 1_000);
});

test('a plant drops what it held for machines that are no more, and nothing of another plant', async () => {
  await stocked();
  const [one, other] = await Promise.all(['one', 'other'].map((owner) => Warehouse.open(directory(), { owner })));
  await one!.references.acquire('octave', 'vm-alive');
  await one!.references.acquire('octave', 'vm-gone');
  await other!.references.acquire('octave', 'vm-theirs');
  expect(await one!.references.releaseAllBut(new Set(['vm-alive']))).toBe(1);
  expect((await one!.references.of('octave')).toSorted()).toEqual(['vm-alive', 'vm-theirs']);
});

test('a hold whose writer was killed before it could sign is dropped by the next plant that starts', async () => {
  await stocked();
  const plant = await Warehouse.open(directory(), { owner: 'one' });
  const tool = await Warehouse.open(directory());
  await plant.references.acquire('octave', 'vm-alive');
  await tool.references.acquire('octave', 'export');
  await writeFile(join(directory(), 'references', 'octave', 'vm-cut-off'), '');
  expect(await plant.references.releaseAllBut(new Set(['vm-alive']))).toBe(1);
  expect((await plant.references.of('octave')).toSorted()).toEqual(['export', 'vm-alive']);
});
