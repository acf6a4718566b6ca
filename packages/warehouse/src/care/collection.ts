/**
 * Plans which images to remove when a warehouse must shrink. An image is worth the seconds that it saves each machine
 * started from it, times the number of such machines, per MiB on disk. Pure: the plan is data that can be printed
 * before it is carried out.
 */
import type { CollectedImage } from '@vmgrid/protocol';

/** The properties of an image that decide. */
export interface CollectibleImage {
  readonly imageId: string;
  readonly ownBytes: number;
  readonly hits: number;
  readonly savedSeconds: number;
  readonly isBase: boolean;
  readonly pinned: boolean;
  readonly users: readonly string[];
  readonly children: readonly string[];
}

export interface CollectionPlan {
  readonly usedBytes: number;
  readonly freedBytes: number;
  /** First the images to remove, in order; then those that stay, the least valuable first. */
  readonly images: readonly CollectedImage[];
}

const MIB = 1_048_576;

export const worthOf = ({ savedSeconds, hits, ownBytes }: CollectibleImage): number =>
  (savedSeconds * hits * MIB) / Math.max(ownBytes, 1);

/**
 * Removes the least valuable image that nothing needs, until the rest fits the target. Without a target it removes
 * nothing.
 */
export function planCollection(images: readonly CollectibleImage[], targetBytes: number | undefined): CollectionPlan {
  const usedBytes = images.reduce((total, image) => total + image.ownBytes, 0);
  const left = new Map(images.toSorted(byWorth).map((image) => [image.imageId, image]));
  const removed: CollectedImage[] = [];
  let bytes = usedBytes;
  while (targetBytes !== undefined && bytes > targetBytes) {
    const next = [...left.values()].find((image) => whyKept(image, left) === undefined);
    if (!next) break;
    left.delete(next.imageId);
    bytes -= next.ownBytes;
    removed.push(rowOf(next, 'remove', 'the least worth of those that nothing needs'));
  }
  const fits = targetBytes === undefined ? 'neither a target nor a quota is given' : 'the rest fits the target';
  const kept = [...left.values()].map((image) => rowOf(image, 'keep', whyKept(image, left) ?? fits));
  return { usedBytes, freedBytes: usedBytes - bytes, images: [...removed, ...kept] };
}

/** Returns why an image must stay while those of `left` are there. */
function whyKept(image: CollectibleImage, left: ReadonlyMap<string, unknown>): string | undefined {
  if (image.pinned) return 'pinned';
  if (image.users.length > 0) return `used by ${image.users.join(', ')}`;
  const children = image.children.filter((child) => left.has(child));
  if (children.length > 0) return `the base of ${children.join(', ')}`;
  return image.isBase ? 'a base image: without it nothing starts its system' : undefined;
}

const rowOf = (image: CollectibleImage, verdict: 'remove' | 'keep', reason: string): CollectedImage => ({
  imageId: image.imageId,
  verdict,
  reason,
  ownBytes: image.ownBytes,
  hits: image.hits,
  savedSeconds: image.savedSeconds,
  worth: worthOf(image),
});

/** Among equal values the larger image goes first, then by id, so that the same warehouse gives the same plan. */
const byWorth = (a: CollectibleImage, b: CollectibleImage): number =>
  worthOf(a) - worthOf(b) || b.ownBytes - a.ownBytes || (a.imageId < b.imageId ? -1 : 1);
