/** What operators are told of a warehouse. */
import { expect, test } from '@jest/globals';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { Warehouse } from '@vmgrid/warehouse';
import { baseDraft, promote, suspendedDraft } from '../../../warehouse/test/made-up-images.ts';
import { describeImages } from '../../src/images/images.ts';

const folder = useTemporaryFolder();

test('an image that a comparison made for itself is listed with its use', async () => {
  const warehouse = await Warehouse.open(folder(), { owner: 'plant-1' });
  await promote(warehouse, baseDraft('base'));
  await promote(warehouse, suspendedDraft('octave', 'base', { madeFor: 'verify-equal-1' }));
  const told = (await describeImages(warehouse, 'plant-1')).map(({ imageId, madeFor }) => [imageId, madeFor]);
  expect(told.sort()).toEqual([
    ['base', undefined],
    ['octave', 'verify-equal-1'],
  ]);
});
