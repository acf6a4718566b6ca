import { GridError, type ImageReply, nameSome } from '@vmgrid/protocol';

/** The images that are known, and the plants whose images are not. */
export interface KnownImages {
  readonly images: readonly ImageReply[];
  readonly silentPlants: readonly string[];
}

export const isOffered = (images: readonly ImageReply[], idOrTag: string): boolean =>
  images.some(({ imageId, tags }) => imageId === idOrTag || tags.includes(idOrTag));

/**
 * Returns the image of an id or a tag.
 * @throws GridError IMAGE_UNKNOWN, but only when every plant has answered; PLANT_LOST when a plant that did not answer
 * may have it; TAG_AMBIGUOUS
 */
export function findImage({ images, silentPlants }: KnownImages, idOrTag: string): ImageReply {
  const exact = images.find((one) => one.imageId === idOrTag);
  if (exact) return exact;
  const tagged = images.filter((one) => one.tags.includes(idOrTag));
  if (tagged.length > 1) {
    const imageIds = tagged.map((one) => one.imageId);
    throw new GridError('TAG_AMBIGUOUS', `the tag ${idOrTag} names ${imageIds.join(' and ')}`, { imageIds });
  }
  if (tagged[0]) return tagged[0];
  if (silentPlants.length > 0) {
    const message = `the image ${idOrTag} was not found: ${nameSome(silentPlants)} gave no answer and may have it`;
    throw new GridError('PLANT_LOST', message, { imageId: idOrTag, silentPlants });
  }
  throw new GridError('IMAGE_UNKNOWN', `no plant offers an image ${idOrTag}`, { imageId: idOrTag });
}
