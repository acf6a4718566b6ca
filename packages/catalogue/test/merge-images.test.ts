import { expect, test } from '@jest/globals';
import type { ImageReply } from '@vmgrid/protocol';
import { mergeImages } from '../src/merge-images.ts';

const imageOf = (imageId: string, plantId: string, changes: Partial<ImageReply> = {}): ImageReply => ({
  imageId,
  tags: [],
  pinned: false,
  parents: [],
  sharedBytes: 0,
  hits: 1,
  warehouses: ['one'],
  machine: { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 1024 },
  line: 'qemu',
  suspended: true,
  createdAt: '2026-01-01T00:00:00Z',
  createdBy: 'test',
  history: [],
  ownBytes: 1,
  virtualBytes: 2,
  children: [],
  usedBy: [],
  plants: [plantId],
  ...changes,
});

test('no offers give no images', () => {
  expect(mergeImages([])).toEqual([]);
});

test('an image that several plants offer is listed once, with all plants, users and children', () => {
  const shared = { usedBy: ['vm-1'], children: ['child'] };
  const offers = [
    { plantId: 'plant-1', images: [imageOf('base', 'plant-1', shared), imageOf('own', 'plant-1')] },
    {
      plantId: 'plant-2',
      images: [imageOf('base', 'plant-2', { usedBy: ['vm-1', 'vm-2'], children: ['other-child'] })],
    },
  ];
  expect(mergeImages(offers)).toEqual([
    imageOf('base', 'plant-1', {
      plants: ['plant-1', 'plant-2'],
      usedBy: ['vm-1', 'vm-2'],
      children: ['child', 'other-child'],
    }),
    imageOf('own', 'plant-1'),
  ]);
});

test('hits of a warehouse count once however many plants tell them; those of two warehouses add up', () => {
  const offers = ['plant-1', 'plant-2'].map((plantId) => ({ plantId, images: [imageOf('base', plantId)] }));
  expect(mergeImages(offers)[0]).toMatchObject({ hits: 1, warehouses: ['one'] });
  const elsewhere = imageOf('base', 'plant-3', {
    ...{ hits: 4, warehouses: ['two'], tags: ['stable'], pinned: true, lastHitAt: '2026-01-02T00:00:00Z' },
  });
  expect(mergeImages([...offers, { plantId: 'plant-3', images: [elsewhere] }])[0]).toMatchObject({
    ...{ hits: 5, warehouses: ['one', 'two'], tags: ['stable'], pinned: true, lastHitAt: '2026-01-02T00:00:00Z' },
  });
});
