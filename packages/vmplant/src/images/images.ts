/** Describes images for operators. */
import type { ImageReply } from '@vmgrid/protocol';
import type { GoldenImage, Lineage, Warehouse } from '@vmgrid/warehouse';
import { type LabelSet, ownBytes, sharedBytes, tagsOf } from '@vmgrid/warehouse';

/** The data that the descriptions of all images share. */
interface Surroundings {
  readonly warehouse: Warehouse;
  readonly plantId: string;
  readonly lineage: Lineage;
  readonly labels: LabelSet;
  readonly broken: ReadonlyMap<string, string>;
}

export async function describeImages(warehouse: Warehouse, plantId: string): Promise<ImageReply[]> {
  const surroundings = await surroundingsOf(warehouse, plantId);
  const images = await warehouse.inventory.allImages();
  return Promise.all([...images.values()].map((image) => describe(image, surroundings)));
}

export async function describeImage(image: GoldenImage, warehouse: Warehouse, plantId: string): Promise<ImageReply> {
  return describe(image, await surroundingsOf(warehouse, plantId));
}

async function surroundingsOf(warehouse: Warehouse, plantId: string): Promise<Surroundings> {
  const broken = new Map((await warehouse.inventory.broken()).map(({ id, reason }) => [id, reason]));
  return { warehouse, plantId, lineage: await warehouse.inventory.lineage(), labels: await warehouse.labels(), broken };
}

async function describe(image: GoldenImage, around: Surroundings): Promise<ImageReply> {
  const { manifest } = image;
  const { warehouse, lineage, labels, plantId } = around;
  const below = lineage.ancestors(image);
  const hits = await warehouse.hits.of(manifest.id);
  const broken = around.broken.get(manifest.id);
  return {
    imageId: manifest.id,
    tags: tagsOf(labels, manifest.id),
    pinned: labels.pins.includes(manifest.id),
    machine: manifest.machine,
    line: manifest.line,
    suspended: manifest.memory !== undefined,
    ...(broken === undefined ? {} : { broken }),
    ...(manifest.madeFor === undefined ? {} : { madeFor: manifest.madeFor }),
    ...(manifest.compatibility === undefined ? {} : { compatibility: { ...manifest.compatibility } }),
    ...(manifest.parent === undefined ? {} : { parent: manifest.parent }),
    parents: below.map((one) => one.manifest.id),
    createdAt: manifest.createdAt,
    createdBy: manifest.createdBy,
    history: attribute(image, below),
    ownBytes: await ownBytes(image),
    sharedBytes: await sharedBytes(below),
    virtualBytes: manifest.machine.diskMiB * 1_048_576,
    hits: hits.count,
    ...(hits.lastAt === undefined ? {} : { lastHitAt: hits.lastAt.toISOString() }),
    children: [...lineage.children(manifest.id)],
    usedBy: [...(await warehouse.references.of(manifest.id))],
    warehouses: [warehouse.warehouseId],
    plants: [plantId],
  };
}

/** Returns the history, each step with the image whose build ran it: the lowest one that has the step. */
function attribute(image: GoldenImage, below: readonly GoldenImage[]): ImageReply['history'] {
  return image.manifest.history.map((entry, index) => {
    const { manifest } = below.findLast((one) => one.manifest.history.length > index) ?? image;
    return { ...entry, imageId: manifest.id, madeBy: manifest.createdBy };
  });
}
