/**
 * The plant's side of image sets: it names them by digest, and sends their content to those that do not know it yet.
 */
import { GridError, type ImageSetReply, type ImageSetRequest, STANDING_LIMITS } from '@vmgrid/protocol';
import { factsOf, ImageDigests, type ImageSet } from './image-set.ts';

/** Earlier sets that are remembered, so that a side that knows one of them is sent only the difference. */
const SETS_REMEMBERED = 4;

export class PublishedSets {
  readonly #digests = new ImageDigests();
  /** The current set last. */
  readonly #sets = new Map<string, ImageSet>();
  #present: { readonly images: ImageSet; readonly digest: string } | undefined;

  /** Free when the set is the one of the last call. */
  digestOf(images: ImageSet): string {
    if (this.#present?.images === images) return this.#present.digest;
    const digest = this.#digests.ofSet(images);
    this.#present = { images, digest };
    this.#sets.delete(digest);
    this.#sets.set(digest, images);
    for (const oldest of this.#sets.keys()) {
      if (this.#sets.size <= 1 + SETS_REMEMBERED) break;
      this.#sets.delete(oldest);
    }
    return digest;
  }

  /** @throws GridError IMAGE_UNKNOWN for a set that the plant does not remember */
  page({ digest, since, offset }: ImageSetRequest): ImageSetReply {
    const images = this.#sets.get(digest);
    if (!images) throw new GridError('IMAGE_UNKNOWN', `the image set ${digest} is no more`, { digest });
    const known = since === undefined ? undefined : this.#sets.get(since);
    const added = [...images].filter(([id, image]) => known?.get(id) !== image).map(([, image]) => image);
    const removed = offset > 0 ? [] : [...(known?.keys() ?? [])].filter((id) => !images.has(id));
    const next = offset + STANDING_LIMITS.imagesOfPage;
    return {
      ...(known === undefined ? {} : { since: since! }),
      added: added.slice(offset, next).map(({ manifest }) => factsOf(manifest)),
      removed,
      ...(next < added.length ? { next } : {}),
    };
  }
}
