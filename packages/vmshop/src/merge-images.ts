import type { ImageReply } from '@vmgrid/protocol';

/** One list of what several plants offer: plants that share a warehouse offer the same image. */
export function mergeImages(
  offers: readonly { readonly plantId: string; readonly images: readonly ImageReply[] }[],
): ImageReply[] {
  const merged = new Map<string, ImageReply>();
  for (const { plantId, images } of offers) {
    for (const image of images) {
      const known = merged.get(image.imageId);
      const plants = [...(known?.plants ?? []), plantId];
      const usedBy = [...new Set([...(known?.usedBy ?? []), ...image.usedBy])];
      merged.set(image.imageId, { ...image, plants, usedBy });
    }
  }
  return [...merged.values()];
}
