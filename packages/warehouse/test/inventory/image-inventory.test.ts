import { mkdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { startNode } from '@vmgrid/test-support/hosts/node-process.ts';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { Warehouse } from '../../src/warehouse.ts';
import { baseDraft, manifestOf, promote, putImage, suspendedDraft } from '../made-up-images.ts';

const directory = useTemporaryFolder();
const STORE_PROCESS = join(import.meta.dirname, '../store-process.ts');

const imagesFolder = () => join(directory(), 'images');
const touch = (time: Date) => utimes(imagesFolder(), time, time);
const MINUTE_AGO = new Date(Date.now() - 60_000);

const idsOf = async (warehouse: Warehouse) => [...(await warehouse.inventory.images()).keys()].sort();

test('a warehouse that is made has no images', async () => {
  const warehouse = await Warehouse.open(directory());
  expect(await idsOf(warehouse)).toEqual([]);
  expect(await warehouse.inventory.broken()).toEqual([]);
});

test('the folder is read again only when it has changed', async () => {
  const warehouse = await Warehouse.open(directory());
  await promote(warehouse, baseDraft('base'));
  await touch(MINUTE_AGO);
  const before = await warehouse.inventory.images();
  expect(await warehouse.inventory.images()).toBe(before);
  await promote(warehouse, baseDraft('second'));
  const after = await warehouse.inventory.images();
  expect(after).not.toBe(before);
  expect([...after.keys()].sort()).toEqual(['base', 'second']);
  // An image that was there before is not read again.
  expect(after.get('base')).toBe(before.get('base'));
});

test('a change within the same tick of the file clock is not missed', async () => {
  const warehouse = await Warehouse.open(directory());
  for (let index = 0; index < 5; index += 1) {
    const tick = new Date(Date.now() + 60_000); // no host is so slow that this tick is over at the next look
    await touch(tick);
    await warehouse.inventory.images();
    await putImage(directory(), baseDraft(`base-${index}`));
    await touch(tick);
    expect((await warehouse.inventory.images()).size).toBe(index + 1);
  }
});

test('what another process changes is seen at the next look', async () => {
  const warehouse = await Warehouse.open(directory());
  await promote(warehouse, baseDraft('mine'));
  await touch(MINUTE_AGO);
  expect(await idsOf(warehouse)).toEqual(['mine']);
  const other = startNode(STORE_PROCESS, directory(), 'promote', 'theirs');
  await other.end();
  expect(await idsOf(warehouse)).toEqual(['mine', 'theirs']);
  expect((await warehouse.inventory.image('theirs')).manifest.createdBy).toBe('another process');
});

test('an image that was removed and built again is read again', async () => {
  const [warehouse, other] = await Promise.all([Warehouse.open(directory()), Warehouse.open(directory())]);
  await promote(warehouse, baseDraft('base', { createdBy: 'the first' }));
  expect((await warehouse.inventory.image('base')).manifest.createdBy).toBe('the first');
  await other.remove('base');
  await promote(other, baseDraft('base', { createdBy: 'the second' }));
  expect((await warehouse.inventory.image('base')).manifest.createdBy).toBe('the second');
});

test('lookers at the same time see the same', async () => {
  const warehouse = await Warehouse.open(directory());
  for (let index = 0; index < 20; index += 1) await putImage(directory(), baseDraft(`base-${index}`));
  const looks = await Promise.all(Array.from({ length: 10 }, () => idsOf(warehouse)));
  for (const ids of looks) expect(ids).toEqual(looks[0]);
  expect(looks[0]).toHaveLength(20);
});

test('what is not an image is reported and keeps nothing else from being found', async () => {
  const warehouse = await Warehouse.open(directory());
  await promote(warehouse, baseDraft('good'));
  await mkdir(join(imagesFolder(), 'empty'));
  await mkdir(join(imagesFolder(), 'torn'));
  await writeFile(join(imagesFolder(), 'torn', 'manifest.json'), '{"version": 1,');
  const fromTheFuture = JSON.stringify({ ...manifestOf(baseDraft('from-the-future')), version: 2 });
  await mkdir(join(imagesFolder(), 'from-the-future'));
  await writeFile(join(imagesFolder(), 'from-the-future', 'manifest.json'), fromTheFuture);
  await writeFile(join(imagesFolder(), 'README'), 'hello');
  await putImage(directory(), baseDraft('elsewhere'));
  await rename(join(imagesFolder(), 'elsewhere'), join(imagesFolder(), 'renamed'));
  expect(await idsOf(warehouse)).toEqual(['good']);
  expect([...(await warehouse.inventory.broken())].sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual([
    { id: 'README', reason: expect.stringContaining('ENOTDIR') },
    { id: 'empty', reason: expect.stringContaining('ENOENT') },
    { id: 'from-the-future', reason: expect.stringContaining('version') },
    { id: 'renamed', reason: 'its manifest is of the image elsewhere' },
    { id: 'torn', reason: expect.stringContaining('JSON') },
  ]);
  await expect(warehouse.inventory.image('torn')).rejects.toMatchObject({
    code: 'IMAGE_CORRUPT',
    details: { imageId: 'torn' },
  });
  await expect(warehouse.references.acquire('torn', 'vm-1')).rejects.toMatchObject({ code: 'IMAGE_CORRUPT' });
});

test('an image that is not there is unknown', async () => {
  const warehouse = await Warehouse.open(directory());
  await expect(warehouse.inventory.image('none')).rejects.toMatchObject({
    code: 'IMAGE_UNKNOWN',
    details: { imageId: 'none' },
  });
});

test('children are the images whose disk or boot files lie in another', async () => {
  const warehouse = await Warehouse.open(directory());
  await promote(warehouse, baseDraft('base'));
  await promote(warehouse, suspendedDraft('octave', 'base'));
  await promote(warehouse, suspendedDraft('plotting', 'base', { parent: 'octave' }));
  expect([...(await warehouse.inventory.lineage()).children('base')].sort()).toEqual(['octave', 'plotting']);
  expect((await warehouse.inventory.lineage()).children('octave')).toEqual(['plotting']);
  expect((await warehouse.inventory.lineage()).children('plotting')).toEqual([]);
});

test('a warehouse that vanishes under the plant is an error, not an empty list', async () => {
  const warehouse = await Warehouse.open(directory());
  await rm(imagesFolder(), { recursive: true });
  await expect(warehouse.inventory.images()).rejects.toMatchObject({ code: 'ENOENT' });
});

test('what was made for one use alone is there for that alone, and for whoever looks after the warehouse', async () => {
  const warehouse = await Warehouse.open(directory());
  await promote(warehouse, baseDraft('base'));
  await promote(warehouse, suspendedDraft('own', 'base', { madeFor: 'a use' }));
  await touch(MINUTE_AGO);
  expect(await idsOf(warehouse)).toEqual(['base']);
  expect(await warehouse.inventory.images()).toBe(await warehouse.inventory.images());
  const idsFor = async (use: string) => [...(await warehouse.inventory.images(use)).keys()].sort();
  expect([await idsFor('a use'), await idsFor('another')]).toEqual([['base', 'own'], ['base']]);
  expect([...(await warehouse.inventory.allImages()).keys()].sort()).toEqual(['base', 'own']);
  expect((await warehouse.inventory.image('own')).manifest.madeFor).toBe('a use');
});
