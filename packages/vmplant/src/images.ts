/** Images as operators see them. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageReply } from '@vmgrid/protocol';
import type { GoldenImage } from './warehouse/manifest.ts';
import type { Warehouse } from './warehouse/store.ts';

export async function describeImages(warehouse: Warehouse, plantId: string): Promise<ImageReply[]> {
  const images = [...(await warehouse.images()).values()];
  return Promise.all(images.map((image) => describeImage(image, warehouse, plantId)));
}

export async function describeImage(image: GoldenImage, warehouse: Warehouse, plantId: string): Promise<ImageReply> {
  const { manifest } = image;
  return {
    imageId: manifest.id,
    machine: manifest.machine,
    line: manifest.line,
    suspended: manifest.memory !== undefined,
    ...(manifest.parent === undefined ? {} : { parent: manifest.parent }),
    createdAt: manifest.createdAt,
    createdBy: manifest.createdBy,
    history: manifest.history,
    ownBytes: await allocatedBytes(image),
    virtualBytes: manifest.machine.diskMiB * 1_048_576,
    children: [...(await warehouse.children(manifest.id))],
    usedBy: [...(await warehouse.references.of(manifest.id))],
    plants: [plantId],
  };
}

/** What the image's files take on the disk: sparse files take less than their size. An image just removed takes nothing. */
async function allocatedBytes({ directory, manifest }: GoldenImage): Promise<number> {
  const sizes = await Promise.all(
    manifest.files.map(({ file }) =>
      stat(join(directory, file)).then(
        ({ blocks }) => blocks * 512,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}
