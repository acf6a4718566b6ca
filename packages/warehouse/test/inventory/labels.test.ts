import { readFile, writeFile } from 'node:fs/promises';
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

test('a tag stands wherever an id may, and leaves the image as it is', async () => {
  const warehouse = await stocked();
  const manifest = () => readFile(join(directory(), 'images/octave/manifest.json'), 'utf8');
  const before = await manifest();
  await warehouse.label('octave', { addTags: ['stable'] });
  expect((await warehouse.inventory.image('stable')).manifest.id).toBe('octave');
  expect((await warehouse.label('stable', { pinned: true })).manifest.id).toBe('octave');
  expect(await warehouse.labels()).toEqual({ pins: ['octave'], tags: { stable: 'octave' } });
  expect(await manifest()).toBe(before);
});

test('a tag moves to the image that got it last; untagging another image leaves it', async () => {
  const warehouse = await stocked();
  await warehouse.label('octave', { addTags: ['stable'] });
  await warehouse.label('base', { addTags: ['stable'] });
  expect((await warehouse.inventory.image('stable')).manifest.id).toBe('base');
  await warehouse.label('octave', { dropTags: ['stable'] });
  expect((await warehouse.labels()).tags).toEqual({ stable: 'base' });
  await warehouse.label('stable', { dropTags: ['stable'] });
  await expect(warehouse.inventory.image('stable')).rejects.toMatchObject({ code: 'IMAGE_UNKNOWN' });
});

test('the id of an image is no tag', async () => {
  const warehouse = await stocked();
  await expect(warehouse.label('base', { addTags: ['octave'] })).rejects.toMatchObject({ code: 'TAG_INVALID' });
  expect(await warehouse.labels()).toEqual({ pins: [], tags: {} });
});

test('a pinned image is not removed; labels of a removed one are gone', async () => {
  const warehouse = await stocked();
  await warehouse.label('octave', { pinned: true, addTags: ['stable'] });
  await expect(warehouse.remove('stable')).rejects.toMatchObject({
    code: 'IMAGE_PINNED',
    details: { imageId: 'octave' },
  });
  await warehouse.label('octave', { pinned: false });
  await warehouse.remove('stable');
  expect(await warehouse.labels()).toEqual({ pins: [], tags: {} });
  expect((await warehouse.inventory.images()).has('octave')).toBe(false);
});

test('labels that several processes write at once are all there', async () => {
  await stocked();
  const writers = await Promise.all(Array.from({ length: 4 }, () => Warehouse.open(directory())));
  await Promise.all(
    Array.from({ length: 12 }, (_, index) => writers[index % 4]!.label('base', { addTags: [`tag-${index}`] })),
  );
  expect(Object.keys((await writers[0]!.labels()).tags)).toHaveLength(12);
});

test('a label file that is broken is named', async () => {
  const warehouse = await stocked();
  await writeFile(join(directory(), 'labels.json'), '{"pins":7}');
  await expect(warehouse.labels()).rejects.toMatchObject({
    code: 'IMAGE_CORRUPT',
    details: { file: join(directory(), 'labels.json') },
  });
});
