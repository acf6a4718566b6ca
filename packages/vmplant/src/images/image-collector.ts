/** Carries out collections: computes what images are worth here, plans, and removes. */
import { ASSUMED_SECONDS, type Durations, durationKey } from '@vmgrid/bidding';
import { type CollectedImage, type CollectedWarehouse, type CollectImagesRequest, GridError } from '@vmgrid/protocol';
import type { GoldenImage, Manifest, Warehouse } from '@vmgrid/warehouse';
import { type CollectibleImage, ownBytes, planCollection } from '@vmgrid/warehouse';

type Measured = Pick<Durations, 'expect'>;

/** Errors for changes to an image between plan and removal. */
const OVERTAKEN = new Set(['IMAGE_IN_USE', 'IMAGE_PINNED', 'IMAGE_UNKNOWN']);

/** Removes the images that are worth least until the warehouse fits the target or the quota; reports which and why. */
export async function collectImages(
  warehouse: Warehouse,
  durations: Durations,
  { dryRun = false, targetMiB }: Pick<CollectImagesRequest, 'dryRun' | 'targetMiB'>,
): Promise<Omit<CollectedWarehouse, 'plantId'>> {
  const targetBytes = targetMiB === undefined ? warehouse.quotaBytes : targetMiB * 1_048_576;
  const plan = planCollection(await collectibles(warehouse, durations), targetBytes);
  const images = dryRun ? [...plan.images] : await carryOut(warehouse, plan.images);
  const gone = images.filter(({ verdict }) => verdict === 'remove');
  return {
    warehouseId: warehouse.warehouseId,
    dryRun,
    usedBytes: plan.usedBytes,
    ...(targetBytes === undefined ? {} : { targetBytes }),
    freedBytes: gone.reduce((total, image) => total + image.ownBytes, 0),
    images,
  };
}

async function carryOut(warehouse: Warehouse, rows: readonly CollectedImage[]): Promise<CollectedImage[]> {
  const done: CollectedImage[] = [];
  for (const row of rows) done.push(row.verdict === 'remove' ? await removeOne(warehouse, row) : row);
  return done;
}

/** An image that came into use after the plan was made stays. */
async function removeOne(warehouse: Warehouse, row: CollectedImage): Promise<CollectedImage> {
  try {
    await warehouse.remove(row.imageId);
    return row;
  } catch (error) {
    if (!(error instanceof GridError) || !OVERTAKEN.has(error.code)) throw error;
    return { ...row, verdict: 'keep', reason: `meanwhile ${error.message}` };
  }
}

async function collectibles(warehouse: Warehouse, durations: Durations): Promise<CollectibleImage[]> {
  // Includes broken images: they take space, and collection can remove them.
  const images = await warehouse.inventory.allImages();
  const [lineage, labels] = [await warehouse.inventory.lineage(), await warehouse.labels()];
  return Promise.all(
    [...images.values()].map(async (image) => ({
      imageId: image.manifest.id,
      ownBytes: await ownBytes(image),
      hits: (await warehouse.hits.of(image.manifest.id)).count,
      savedSeconds: savedSeconds(image, images.get(image.manifest.parent ?? ''), durations),
      isBase: image.manifest.base === image.manifest.id,
      pinned: labels.pins.includes(image.manifest.id),
      users: await warehouse.references.of(image.manifest.id),
      children: lineage.children(image.manifest.id),
    })),
  );
}

/**
 * Returns the expected seconds that a machine started from the image saves, compared with one started from its parent;
 * 0 without a parent.
 */
export function savedSeconds(image: GoldenImage, parent: GoldenImage | undefined, durations: Measured): number {
  if (!parent) return 0;
  const actions = image.manifest.history.slice(parent.manifest.history.length);
  const work = actions.reduce(
    (sum, entry) => sum + (durations.expect(durationKey.action(entry.digest)) ?? entry.seconds),
    0,
  );
  return Math.max(0, work + startSeconds(parent.manifest, durations) - startSeconds(image.manifest, durations));
}

function startSeconds({ id, line, memory }: Manifest, durations: Measured): number {
  const start = memory ? 'restore' : 'boot';
  return (
    durations.expect(durationKey.start(start, line, id), durationKey.startOfLine(start, line)) ?? ASSUMED_SECONDS[start]
  );
}
