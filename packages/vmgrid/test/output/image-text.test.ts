import { expect, test } from '@jest/globals';
import type { ImageReply } from '@vmgrid/protocol';
import { imageTable, imageText, treesOf, treeText } from '../../src/output/image-text.ts';

const image: ImageReply = {
  ...{ imageId: 'image-1', tags: ['octave'], pinned: true, line: 'qemu', suspended: true, parents: [], history: [] },
  machine: { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2_048 },
  ...{ createdAt: '2026-01-01T00:00:00Z', createdBy: 'plant-1', ownBytes: 0, sharedBytes: 0, virtualBytes: 0, hits: 0 },
  ...{ children: [], usedBy: [], warehouses: ['00000000-0000-4000-8000-000000000001'], plants: ['plant-1'] },
};

test('an image that serves one comparison alone is marked in tables, trees and by itself', () => {
  const marked = { ...image, madeFor: 'comparison-7' };
  const all = (one: ImageReply) => [imageTable([one]), treeText(treesOf([one])), imageText(one)];
  expect(imageTable([marked])).toContain('octave (pinned) (for a comparison)');
  expect(treeText(treesOf([marked]))).toContain('pinned, for a comparison');
  expect(imageText(marked)).toContain('made for    comparison-7 alone; no request gets it');
  expect(all(image).filter((text) => text.includes('comparison'))).toEqual([]);
});
