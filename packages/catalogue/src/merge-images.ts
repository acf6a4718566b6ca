import type { ImageReply } from '@vmgrid/protocol';

/** The image that several plants offer under one id, merged from the replies so far. */
interface Merging {
  /** The latest offer. */
  image: ImageReply;
  readonly plants: string[];
  readonly warehouses: Set<string>;
  readonly tags: Set<string>;
  readonly usedBy: Set<string>;
  readonly children: Set<string>;
}

/**
 * Merges the images of several plants into one list. Plants that share a warehouse offer the same image; so do plants
 * that each built it in a warehouse of their own. The cost is proportional to the number of offers.
 */
export function mergeImages(
  offers: readonly { readonly plantId: string; readonly images: readonly ImageReply[] }[],
): ImageReply[] {
  const merging = new Map<string, Merging>();
  for (const { plantId, images } of offers) {
    for (const image of images) {
      const known = merging.get(image.imageId);
      if (known) merge(known, image, plantId);
      else merging.set(image.imageId, begin(image, plantId));
    }
  }
  return [...merging.values()].map(asOne);
}

const begin = (image: ImageReply, plantId: string): Merging => ({
  image,
  plants: [plantId],
  warehouses: new Set(image.warehouses),
  tags: new Set(image.tags),
  usedBy: new Set(image.usedBy),
  children: new Set(image.children),
});

/** Counts the hits of a warehouse once, however many plants report them. */
function merge(known: Merging, more: ImageReply, plantId: string): void {
  const { image, warehouses } = known;
  const counted = more.warehouses.every((id) => warehouses.has(id));
  const broken = image.broken ?? more.broken;
  const lastHitAt = later(image.lastHitAt, more.lastHitAt);
  known.image = {
    ...more,
    ...(broken === undefined ? {} : { broken }),
    pinned: image.pinned || more.pinned,
    hits: counted ? image.hits : image.hits + more.hits,
    ...(lastHitAt === undefined ? {} : { lastHitAt }),
  };
  known.plants.push(plantId);
  addAll(warehouses, more.warehouses);
  addAll(known.tags, more.tags);
  addAll(known.usedBy, more.usedBy);
  addAll(known.children, more.children);
}

const asOne = ({ image, plants, warehouses, tags, usedBy, children }: Merging): ImageReply => ({
  ...image,
  plants,
  warehouses: [...warehouses],
  tags: [...tags],
  usedBy: [...usedBy],
  children: [...children],
});

function addAll(known: Set<string>, more: readonly string[]): void {
  for (const one of more) known.add(one);
}

const later = (a: string | undefined, b: string | undefined): string | undefined =>
  a === undefined || (b !== undefined && b > a) ? b : a;
