import { expect, test } from '@jest/globals';
import type { Bidder, ImageHistoryEntry, ImageReply } from '@vmgrid/protocol';
import { diffHistories, diffImages } from '../src/diff-images.ts';
import { ImageCatalogue } from '../src/image-catalogue.ts';

const NEVER = new AbortController().signal;
const imageOf = (imageId: string, warehouse: string, changes: Partial<ImageReply> = {}): ImageReply => ({
  imageId,
  ...{ tags: [], pinned: false, line: 'qemu', suspended: true, parents: [], history: [], children: [], usedBy: [] },
  machine: { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 1024 },
  ...{ createdAt: '2026-01-01T00:00:00Z', createdBy: 'test', hits: 0 },
  ...{ ownBytes: 1, sharedBytes: 0, virtualBytes: 2, plants: [], warehouses: [warehouse] },
  ...changes,
});

/** Plants by name with their images; every call but the listing is noted as `PLANT METHOD IMAGES`. */
function catalogueOf(plants: Readonly<Record<string, readonly ImageReply[]>>, hanging: readonly string[] = []) {
  const calls: string[] = [];
  const bidders: Bidder[] = [];
  for (const [plantId, images] of Object.entries(plants)) {
    const call = async (method: string, request: { imageId?: string; imageIds?: string[] }) => {
      if (method === 'listImages') return images;
      calls.push([plantId, method, request.imageId ?? request.imageIds ?? []].flat().join(' '));
      return method === 'verifyImages' ? [] : { plantId };
    };
    bidders.push({ plantId, hello: { plantId, version: '1', ad: {} }, call } as unknown as Bidder);
  }
  const known = {
    everyone: () => bidders,
    awaited: () => [],
    find: async (id: string) => bidders.find(({ plantId }) => plantId === id)!,
  };
  const isAwaited = (plantId: string) => !hanging.includes(plantId);
  const options = { requestDeadlineMs: 1_000, signal: new AbortController().signal, isAwaited };
  return { catalogue: new ImageCatalogue(known, options), calls };
}

test('of plants that share a warehouse one is asked to work; each warehouse is asked', async () => {
  const { catalogue, calls } = catalogueOf({
    one: [imageOf('base', 'a'), imageOf('octave', 'a')],
    two: [imageOf('base', 'a'), imageOf('octave', 'a')],
    three: [imageOf('base', 'b')],
  });
  await catalogue.verify({ requestId: 'request' }, NEVER);
  await catalogue.verify({ requestId: 'request', imageIds: ['octave'] }, NEVER);
  await catalogue.collect({ requestId: 'request' });
  await catalogue.remove('octave');
  expect(calls).toEqual([
    ...['one verifyImages', 'three verifyImages', 'one verifyImages octave'],
    ...['one collectImages', 'three collectImages', 'one removeImage octave'],
  ]);
});

test('a list waits for no plant that hangs, and names it', async () => {
  const { catalogue } = catalogueOf({ one: [imageOf('base', 'a')], two: [imageOf('octave', 'b')] }, ['two']);
  const { images, silentPlants } = await catalogue.list();
  expect([images.map(({ imageId }) => imageId), silentPlants]).toEqual([['base'], ['two']]);
});

test('a tag names an image wherever it is; one that names two is refused with both', async () => {
  const { catalogue, calls } = catalogueOf({
    one: [imageOf('base', 'a', { tags: ['stable'] })],
    two: [imageOf('base', 'b'), imageOf('other', 'b', { tags: ['old'] })],
  });
  await catalogue.label('stable', { pinned: true });
  expect(calls).toEqual(['one labelImage base', 'two labelImage base']);
  const twice = catalogueOf({
    one: [imageOf('base', 'a', { tags: ['stable'] })],
    two: [imageOf('other', 'b', { tags: ['stable'] })],
  });
  await expect(twice.catalogue.find('stable')).rejects.toMatchObject({
    code: 'TAG_AMBIGUOUS',
    details: { imageIds: ['base', 'other'] },
  });
  await expect(catalogue.find('none')).rejects.toMatchObject({ code: 'IMAGE_UNKNOWN' });
});

const history = (text: string): ImageHistoryEntry[] =>
  [...text].map((digest) => ({
    ...{
      digest,
      id: digest,
      kind: 'script',
      seconds: 1,
      ranAt: '2026-01-01T00:00:00Z',
      imageId: 'any',
      madeBy: 'test',
    },
  }));
const SIGNS = { same: ' ', removed: '-', added: '+' };
const diffText = (from: string, to: string) =>
  diffHistories(history(from), history(to)).map(({ side, entry }) => (SIGNS[side] + entry.digest).trim());

test('histories differ by what was removed and added around a longest common part', () => {
  expect(diffText('', '')).toEqual([]);
  expect(diffText('ABC', 'ABC')).toEqual(['A', 'B', 'C']);
  expect(diffText('ABCD', 'ACXD')).toEqual(['A', '-B', 'C', '+X', 'D']);
  expect(diffText('AB', 'CD')).toEqual(['-A', '-B', '+C', '+D']);
});

test('images differ by fields; what one side lacks is null', () => {
  const from = imageOf('from', 'a', { compatibility: { vmm: 'qemu' } });
  const to = imageOf('to', 'a', { parent: 'from', machine: { ...from.machine, memoryMiB: 512 } });
  expect(diffImages(from, to).machine.toSorted((a, b) => (a.field < b.field ? -1 : 1))).toEqual([
    { field: 'memoryMiB', from: 256, to: 512 },
    { field: 'parent', from: null, to: 'from' },
    { field: 'vmm', from: 'qemu', to: null },
  ]);
});
