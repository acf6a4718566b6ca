/** The golden images of all warehouses as one catalogue, for the questions and work of operators. */
import {
  askAll,
  type Bidder,
  type BuildImageRequest,
  type CallOptions,
  type CollectImagesReply,
  type CollectImagesRequest,
  callCancellably,
  type EqualityReply,
  type Identified,
  type ImageDiffReply,
  type ImageListReply,
  type ImageReply,
  type LabelImageRequest,
  namesOf,
  type SuggestImagesReply,
  type SuggestImagesRequest,
  type VerifyImagesReply,
  type VerifyImagesRequest,
} from '@vmgrid/protocol';
import type { Bidders } from './bidders.ts';
import { diffImages } from './diff-images.ts';
import { findImage, isOffered } from './find-image.ts';
import { mergeImages } from './merge-images.ts';

/** Milliseconds that a plant may take to answer a question that needs no work. */
const QUESTION_DEADLINE_MS = 10_000;
/** The same for a list, which can be answered without the plant and then names it. */
const LIST_DEADLINE_MS = 2_000;

interface Offer {
  readonly plantId: string;
  readonly images: readonly ImageReply[];
}

/** The images that are known so far. */
interface Offers {
  readonly offers: readonly Offer[];
  /** The images of all plants as one list. */
  readonly images: readonly ImageReply[];
  /** Plants whose images are missing. */
  readonly silentPlants: string[];
}

export interface ImageCatalogueOptions {
  /** Milliseconds that requested work may take. */
  readonly requestDeadlineMs: number;
  /** Aborts when no answer can be waited for any more. */
  readonly signal: AbortSignal;
  /** Whether a list waits for the answer of a plant. Left out: it waits for all. */
  readonly isAwaited?: (plantId: string) => boolean;
}

export class ImageCatalogue {
  readonly #bidders: Bidders;
  readonly #question: CallOptions & { readonly signal: AbortSignal };
  readonly #work: CallOptions;
  readonly #isAwaited: (plantId: string) => boolean;

  constructor(bidders: Bidders, { requestDeadlineMs, signal, isAwaited = () => true }: ImageCatalogueOptions) {
    this.#bidders = bidders;
    this.#question = { deadlineMs: QUESTION_DEADLINE_MS, signal };
    this.#work = { deadlineMs: requestDeadlineMs };
    this.#isAwaited = isAwaited;
  }

  /** Lists the images of the plants that are here; names the plants that are absent, hang or are slow. */
  async list(): Promise<ImageListReply> {
    const kindOf = ({ plantId }: Bidder) => (this.#isAwaited(plantId) ? 'asked' : 'hanging');
    const { asked = [], hanging = [] } = Object.groupBy(this.#bidders.everyone(), kindOf);
    const { images, silentPlants } = await this.#ask(asked, { ...this.#question, deadlineMs: LIST_DEADLINE_MS });
    return { images: [...images], silentPlants: [...silentPlants, ...hanging.map(({ plantId }) => plantId)] };
  }

  /**
   * Returns the image of an id or a tag. @throws GridError IMAGE_UNKNOWN, TAG_AMBIGUOUS; PLANT_LOST when an absent
   * plant may have it
   */
  async find(idOrTag: string): Promise<ImageReply> {
    return findImage(await this.#offersWith([idOrTag]), idOrTag);
  }

  /** @throws GridError as `find` */
  async diff(from: string, to: string): Promise<ImageDiffReply> {
    const known = await this.#offersWith([from, to]);
    return diffImages(findImage(known, from), findImage(known, to));
  }

  /**
   * Removes an image from each warehouse that has it, of all plants that are here or come back in time. @throws
   * GridError as `find`
   */
  async remove(idOrTag: string): Promise<void> {
    const known = await this.#offers(QUESTION_DEADLINE_MS);
    const { imageId } = findImage(known, idOrTag);
    for (const { plantId } of oneOfEachWarehouse(known.offers, imageId)) {
      const bidder = await this.#bidder(plantId);
      await bidder.call('removeImage', { imageId }, this.#question);
    }
  }

  /** Pins, unpins, tags or untags an image in each warehouse that has it, as `remove` does. */
  async label(idOrTag: string, labels: LabelImageRequest): Promise<ImageReply> {
    const known = await this.#offers(QUESTION_DEADLINE_MS);
    const { imageId } = findImage(known, idOrTag);
    for (const { plantId } of oneOfEachWarehouse(known.offers, imageId)) {
      const bidder = await this.#bidder(plantId);
      await bidder.call('labelImage', { ...labels, imageId }, this.#question);
    }
    return this.find(imageId);
  }

  /** Verifies the given images, or all, in each warehouse that has them. `cancelled` ends it. */
  async verify(
    { imageIds, ...named }: Identified<VerifyImagesRequest>,
    cancelled: AbortSignal,
  ): Promise<VerifyImagesReply> {
    const known = await this.#offers(this.#work.deadlineMs);
    const wanted = imageIds?.map((name) => findImage(known, name).imageId);
    const call = { ...this.#work, signal: cancelled };
    const images: VerifyImagesReply['images'] = [];
    for (const { plantId, held } of oneOfEachWarehouse(known.offers)) {
      const here = wanted?.filter((imageId) => held.has(imageId));
      if (here?.length === 0) continue;
      const request = { ...named, ...(here === undefined ? {} : { imageIds: here }) };
      const bidder = await this.#bidder(plantId);
      images.push(...(await callCancellably(bidder, { method: 'verifyImages', request }, call)));
    }
    return { requestId: named.requestId, images, silentPlants: known.silentPlants };
  }

  /**
   * Compares the guests of a DAG made in every way, on the named plant or on each plant that is here, one after
   * another. `cancelled` ends it.
   */
  async verifyEqual(
    { plantId, ...request }: Identified<BuildImageRequest>,
    cancelled: AbortSignal,
  ): Promise<EqualityReply> {
    const { offers, silentPlants } = await this.#offers(this.#work.deadlineMs);
    const call = { ...this.#work, signal: cancelled };
    const plants: EqualityReply['plants'] = [];
    for (const offer of offers.filter((one) => plantId === undefined || one.plantId === plantId)) {
      const bidder = await this.#bidder(offer.plantId);
      plants.push(await callCancellably(bidder, { method: 'verifyEqual', request }, call));
    }
    return { requestId: request.requestId, plants, silentPlants };
  }

  /** Collects images in each warehouse until there is room. */
  async collect(request: Identified<CollectImagesRequest>): Promise<CollectImagesReply> {
    const { offers, silentPlants } = await this.#offers(this.#work.deadlineMs);
    const warehouses: CollectImagesReply['warehouses'] = [];
    for (const { plantId } of oneOfEachWarehouse(offers)) {
      const bidder = await this.#bidder(plantId);
      warehouses.push(await bidder.call('collectImages', request, this.#work));
    }
    return { requestId: request.requestId, warehouses, silentPlants };
  }

  /** Returns the images that each plant, or one of them, suggests to build. @throws GridError PLANT_LOST */
  async suggestions({ plantId, top }: SuggestImagesRequest): Promise<SuggestImagesReply> {
    const bidders = plantId === undefined ? this.#bidders.everyone() : [await this.#bidder(plantId)];
    const request = top === undefined ? {} : { top };
    const { answers, failures } = await askAll(bidders, { method: 'suggestImages', request }, this.#question);
    return { plants: answers.map(({ value }) => value), silentPlants: namesOf(failures) };
  }

  /** Lists the images of the plants that are here. When a wanted one is not among them, waits for the absent plants. */
  async #offersWith(wanted: readonly string[]): Promise<Offers> {
    const known = await this.#offers();
    const isAll = wanted.every((idOrTag) => isOffered(known.images, idOrTag));
    return isAll || this.#bidders.awaited().length === 0 ? known : this.#offers(QUESTION_DEADLINE_MS);
  }

  async #offers(waitMs = 0): Promise<Offers> {
    return this.#ask(this.#bidders.everyone({ waitMs }), this.#question);
  }

  async #ask(bidders: readonly Bidder[], options: CallOptions): Promise<Offers> {
    const { answers, failures } = await askAll(bidders, { method: 'listImages', request: {} }, options);
    const offers = answers.map(({ plantId, value }) => ({ plantId, images: value }));
    return { offers, images: mergeImages(offers), silentPlants: namesOf(failures) };
  }

  /** @throws GridError PLANT_LOST */
  #bidder(plantId: string): Promise<Bidder> {
    const { signal } = this.#question;
    return this.#bidders.find(plantId, { waitMs: QUESTION_DEADLINE_MS, signal });
  }
}

/** Returns, for each warehouse that has images (or this image), its first plant with the images. */
function oneOfEachWarehouse(offers: readonly Offer[], imageId?: string) {
  const seen = new Set<string>();
  const chosen: { readonly plantId: string; readonly held: ReadonlySet<string> }[] = [];
  for (const { plantId, images } of offers) {
    const warehouseId = images[0]?.warehouses[0];
    const held = new Set(images.map((image) => image.imageId));
    if (warehouseId === undefined || seen.has(warehouseId) || (imageId !== undefined && !held.has(imageId))) continue;
    seen.add(warehouseId);
    chosen.push({ plantId, held });
  }
  return chosen;
}
