import { access, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { Warehouse } from '../src/warehouse.ts';
import { baseDraft, promote, putImage, suspendedDraft } from './made-up-images.ts';

const directory = useTemporaryFolder();
const list = (folder: string) => readdir(join(directory(), folder));

test('an image that nothing uses is removed without a trace', async () => {
  const warehouse = await Warehouse.open(directory());
  await promote(warehouse, baseDraft('base'));
  await warehouse.references.acquire('base', 'vm-1');
  await warehouse.references.drop('base', 'vm-1');
  await warehouse.remove('base');
  expect(await Promise.all(['images', 'staging', 'references', 'trash'].map(list))).toEqual([[], [], [], []]);
  expect([...(await warehouse.inventory.images()).keys()]).toEqual([]);
});

test('an image with children or users is not removed, and both are named', async () => {
  const warehouse = await Warehouse.open(directory());
  await promote(warehouse, baseDraft('base'));
  await promote(warehouse, suspendedDraft('octave', 'base'));
  await warehouse.references.acquire('base', 'vm-1');
  await expect(warehouse.remove('base')).rejects.toMatchObject({
    code: 'IMAGE_IN_USE',
    message: 'the image base is used by octave, vm-1',
    details: { imageId: 'base', children: ['octave'], users: ['vm-1'] },
  });
  await warehouse.references.drop('base', 'vm-1');
  await expect(warehouse.remove('base')).rejects.toMatchObject({ details: { children: ['octave'], users: [] } });
  await warehouse.remove('octave');
  await warehouse.remove('base');
  expect(await list('images')).toEqual([]);
});

test('a user that was registered by another process counts', async () => {
  const [one, other] = await Promise.all([Warehouse.open(directory()), Warehouse.open(directory())]);
  await promote(one, baseDraft('base'));
  await other.references.acquire('base', 'vm-1');
  expect(await one.references.of('base')).toEqual(['vm-1']);
  await expect(one.remove('base')).rejects.toMatchObject({ code: 'IMAGE_IN_USE' });
});

test('an unknown image can neither be removed nor acquired, and leaves no reference', async () => {
  const warehouse = await Warehouse.open(directory());
  await expect(warehouse.remove('none')).rejects.toMatchObject({ code: 'IMAGE_UNKNOWN', details: { imageId: 'none' } });
  await expect(warehouse.references.acquire('none', 'vm-1')).rejects.toMatchObject({ code: 'IMAGE_UNKNOWN' });
  await expect(warehouse.remove('../images')).rejects.toMatchObject({ code: 'IMAGE_UNKNOWN' });
  await expect(warehouse.remove('..')).rejects.toMatchObject({ code: 'IMAGE_UNKNOWN' });
  expect(await readdir(directory())).toEqual(['images', 'lock.sqlite', 'staging', 'trash', 'warehouse-id']);
});

test('a broken folder can be removed, as the error that names it says', async () => {
  const warehouse = await Warehouse.open(directory());
  await mkdir(join(directory(), 'images', 'torn'));
  await writeFile(join(directory(), 'images', 'torn', 'manifest.json'), '{');
  await warehouse.remove('torn');
  expect(await list('images')).toEqual([]);
  expect(await warehouse.inventory.broken()).toEqual([]);
});

test('when an image is removed and acquired at once, one of the two is refused', async () => {
  const [keeper, remover] = await Promise.all([Warehouse.open(directory()), Warehouse.open(directory())]);
  const outcomes = { kept: 0, removed: 0 };
  for (let round = 0; round < 200; round += 1) {
    if (!(await keeper.inventory.images()).has('base')) await putImage(directory(), baseDraft('base'));
    const acquire = async () => {
      await ticks(round % 7);
      await keeper.references.acquire('base', 'vm-1');
      // From here on the files are opened by name: they may not even be away for a moment.
      for (let look = 0; look < 10; look += 1) await access(join(directory(), 'images', 'base', 'disk.raw'));
    };
    const remove = async () => {
      await ticks(Math.floor(round / 7) % 7);
      await remover.remove('base');
    };
    const [acquired, removed] = await Promise.allSettled([acquire(), remove()]);
    if (acquired.status === 'fulfilled') {
      expect(removed).toMatchObject({ status: 'rejected', reason: { code: 'IMAGE_IN_USE' } });
      outcomes.kept += 1;
    } else {
      expect(acquired).toMatchObject({ reason: { code: 'IMAGE_UNKNOWN' } });
      expect(removed.status).toBe('fulfilled');
      expect(await keeper.references.of('base')).toEqual([]);
      outcomes.removed += 1;
    }
    await keeper.references.drop('base', 'vm-1');
  }
  expect(outcomes.kept).toBeGreaterThan(10);
  expect(outcomes.removed).toBeGreaterThan(10);
});

test('of two that remove an image at once the second finds it unknown', async () => {
  const [one, other] = await Promise.all([Warehouse.open(directory()), Warehouse.open(directory())]);
  for (let round = 0; round < 50; round += 1) {
    await putImage(directory(), baseDraft('base'));
    const outcomes = await Promise.allSettled([one.remove('base'), other.remove('base')]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'IMAGE_UNKNOWN' } });
  }
});

const ticks = async (count: number): Promise<void> => {
  for (let tick = 0; tick < count; tick += 1) await new Promise((resolve) => setImmediate(resolve));
};
