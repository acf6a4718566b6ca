import type { ImageReply } from '@vmgrid/protocol';

/**
 * One list of what several plants offer. Plants that share a warehouse offer the same image, and so do plants that made the
 * same one each in its own.
 */
export function mergeImages(
  offers: readonly { readonly plantId: string; readonly images: readonly ImageReply[] }[],
): ImageReply[] {
  const merged = new Map<string, ImageReply>();
  for (const { plantId, images } of offers) {
    for (const image of images) {
      const known = merged.get(image.imageId);
      merged.set(image.imageId, known ? merge(known, image, plantId) : { ...image, plants: [plantId] });
    }
  }
  return [...merged.values()];
}

/** Hits in a warehouse are counted once, however many plants tell them. */
function merge(known: ImageReply, more: ImageReply, plantId: string): ImageReply {
  const counted = more.warehouses.every((id) => known.warehouses.includes(id));
  const lastHitAt = [known.lastHitAt, more.lastHitAt]
    .filter((time) => time !== undefined)
    .sort()
    .at(-1);
  return {
    ...more,
    ...(known.broken === undefined ? {} : { broken: known.broken }),
    plants: [...known.plants, plantId],
    warehouses: union(known.warehouses, more.warehouses),
    tags: union(known.tags, more.tags),
    pinned: known.pinned || more.pinned,
    hits: counted ? known.hits : known.hits + more.hits,
    ...(lastHitAt === undefined ? {} : { lastHitAt }),
    usedBy: union(known.usedBy, more.usedBy),
    children: union(known.children, more.children),
  };
}

const union = (known: readonly string[], more: readonly string[]): string[] => [...new Set([...known, ...more])];
