/** The image sets that standing offers name, each fetched and indexed once, whoever holds it. */
import { ImageDigests, ImageIndex, type ImageSet } from '@vmgrid/bidding';
import { type Bidder, GridError, type ImageSetReply, type ImageSetRequest } from '@vmgrid/protocol';
import { MARKET_LIMITS } from '../../limits.ts';

interface Held {
  readonly images: ImageSet;
  readonly index: ImageIndex;
  readonly users: Set<string>;
}

export interface WantedSet {
  readonly digest: string;
  /** A set that is known: only the difference from it is sent. */
  readonly since: string | undefined;
}

export class ImageSets {
  readonly #sets = new Map<string, Held>();
  readonly #coming = new Map<string, Promise<void>>();
  readonly #digests = new ImageDigests();

  /** The index of a set, for a plant that holds it; undefined when it has to be fetched first. */
  use(plantId: string, digest: string): ImageIndex | undefined {
    const held = this.#sets.get(digest);
    held?.users.add(plantId);
    return held?.index;
  }

  /** A set goes with its last user. */
  release(plantId: string, digest: string): void {
    const held = this.#sets.get(digest);
    if (!held) return;
    held.users.delete(plantId);
    if (held.users.size === 0) this.#sets.delete(digest);
  }

  /**
   * Fetches a set from a plant that holds it, or waits for who fetches it already. When that one fails, the next that
   * waits fetches it. @throws GridError when this plant was asked, and failed
   */
  async fetch(bidder: Bidder, wanted: WantedSet, signal: AbortSignal): Promise<void> {
    const { digest } = wanted;
    for (let coming = this.#coming.get(digest); coming; coming = this.#coming.get(digest)) {
      if (await hasCome(coming)) return;
    }
    const coming = this.#fetch(bidder, wanted, signal).finally(() => this.#coming.delete(digest));
    this.#coming.set(digest, coming);
    await coming;
  }

  async #fetch(bidder: Bidder, { digest, since }: WantedSet, signal: AbortSignal): Promise<void> {
    const known = since === undefined ? undefined : this.#sets.get(since)?.images;
    const images = new Map(known);
    let offset: number | undefined = 0;
    while (offset !== undefined) {
      const request: ImageSetRequest = { digest, offset, ...(known === undefined ? {} : { since: since! }) };
      const page: ImageSetReply = await bidder.call('imageSet', request, {
        deadlineMs: MARKET_LIMITS.imageSetMs,
        signal,
      });
      if (offset === 0 && page.since === undefined) images.clear();
      for (const id of page.removed) images.delete(id);
      for (const manifest of page.added) images.set(manifest.id, { manifest });
      offset = page.next;
    }
    if (this.#digests.ofSet(images) !== digest) {
      const { plantId } = bidder;
      throw new GridError('LINK_PROTOCOL', `the images that ${plantId} sent are not the set ${digest}`, { plantId });
    }
    this.#sets.set(digest, { images, index: ImageIndex.of(images.values()), users: new Set() });
  }
}

const hasCome = (coming: Promise<void>): Promise<boolean> =>
  coming.then(
    () => true,
    () => false,
  );
