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
      const plants = [...(known?.plants ?? []), plantId];
      const usedBy = union(known?.usedBy, image.usedBy);
      const children = union(known?.children, image.children);
      merged.set(image.imageId, { ...image, plants, usedBy, children });
    }
  }
  return [...merged.values()];
}

const union = (known: readonly string[] = [], more: readonly string[]): string[] => [...new Set([...known, ...more])];
