/** The golden images of all warehouses, as one: what operators ask about them, and have done. */
import {
  askAll,
  type Bidder,
  type CallOptions,
  type CollectImagesReply,
  type CollectImagesRequest,
  GridError,
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
import { mergeImages } from './merge-images.ts';

/** How long a plant may take to answer what needs no work. */
const QUESTION_DEADLINE_MS = 10_000;

interface Offer {
  readonly plantId: string;
  readonly images: readonly ImageReply[];
}

export interface ImageCatalogueOptions {
  /** How long work that was asked for may take. */
  readonly requestDeadlineMs: number;
  /** Aborts when no answer can be waited for any more. */
  readonly signal: AbortSignal;
}

export class ImageCatalogue {
  readonly #bidders: Bidders;
  readonly #question: CallOptions;
  readonly #work: CallOptions;

  constructor(bidders: Bidders, { requestDeadlineMs, signal }: ImageCatalogueOptions) {
    this.#bidders = bidders;
    this.#question = { deadlineMs: QUESTION_DEADLINE_MS, signal };
    this.#work = { deadlineMs: requestDeadlineMs };
  }

  async list(): Promise<ImageListReply> {
    const { offers, silentPlants } = await this.#offers();
    return { images: mergeImages(offers), silentPlants };
  }

  /** The image of an id or a tag. @throws GridError IMAGE_UNKNOWN, TAG_AMBIGUOUS */
  async find(idOrTag: string): Promise<ImageReply> {
    return findImage((await this.list()).images, idOrTag);
  }

  async diff(from: string, to: string): Promise<ImageDiffReply> {
    const { images } = await this.list();
    return diffImages(findImage(images, from), findImage(images, to));
  }

  /** Removes an image from each warehouse that has it. */
  async remove(idOrTag: string): Promise<void> {
    const { offers } = await this.#offers();
    const { imageId } = findImage(mergeImages(offers), idOrTag);
    for (const { bidder } of this.#oneOfEachWarehouse(offers, imageId)) {
      await bidder.call('removeImage', { imageId }, this.#question);
    }
  }

  /** Pins, unpins, tags or untags an image in each warehouse that has it. */
  async label(idOrTag: string, labels: LabelImageRequest): Promise<ImageReply> {
    const { offers } = await this.#offers();
    const { imageId } = findImage(mergeImages(offers), idOrTag);
    for (const { bidder } of this.#oneOfEachWarehouse(offers, imageId)) {
      await bidder.call('labelImage', { ...labels, imageId }, this.#question);
    }
    return this.find(imageId);
  }

  /** Checks images, or all, in each warehouse that has them. */
  async verify({ imageIds, ...named }: Identified<VerifyImagesRequest>): Promise<VerifyImagesReply> {
    const { offers, silentPlants } = await this.#offers();
    const merged = mergeImages(offers);
    const wanted = imageIds?.map((name) => findImage(merged, name).imageId);
    const images: VerifyImagesReply['images'] = [];
    for (const { bidder, held } of this.#oneOfEachWarehouse(offers)) {
      const here = wanted?.filter((imageId) => held.has(imageId));
      if (here?.length === 0) continue;
      const request = { ...named, ...(here === undefined ? {} : { imageIds: here }) };
      images.push(...(await bidder.call('verifyImages', request, this.#work)));
    }
    return { requestId: named.requestId, images, silentPlants };
  }

  /** Makes room in each warehouse. */
  async collect(request: Identified<CollectImagesRequest>): Promise<CollectImagesReply> {
    const { offers, silentPlants } = await this.#offers();
    const warehouses: CollectImagesReply['warehouses'] = [];
    for (const { bidder } of this.#oneOfEachWarehouse(offers)) {
      warehouses.push(await bidder.call('collectImages', request, this.#work));
    }
    return { requestId: request.requestId, warehouses, silentPlants };
  }

  /** What each plant, or one of them, suggests to build. @throws GridError PLANT_LOST */
  async suggestions({ plantId, top }: SuggestImagesRequest): Promise<SuggestImagesReply> {
    const bidders = plantId === undefined ? this.#bidders.bidders() : [this.#bidder(plantId)];
    const request = top === undefined ? {} : { top };
    const { answers, failures } = await askAll(bidders, 'suggestImages', request, this.#question);
    return { plants: answers.map(({ value }) => value), silentPlants: namesOf(failures) };
  }

  async #offers(): Promise<{ readonly offers: readonly Offer[]; readonly silentPlants: string[] }> {
    const { answers, failures } = await askAll(this.#bidders.bidders(), 'listImages', {}, this.#question);
    const offers = answers.map(({ plantId, value }) => ({ plantId, images: value }));
    return { offers, silentPlants: namesOf(failures) };
  }

  /** Of the plants that share a warehouse the first; of all warehouses with images, or of those with one image. */
  #oneOfEachWarehouse(offers: readonly Offer[], imageId?: string) {
    const seen = new Set<string>();
    const chosen: { readonly bidder: Bidder; readonly held: ReadonlySet<string> }[] = [];
    for (const { plantId, images } of offers) {
      const warehouseId = images[0]?.warehouses[0];
      const held = new Set(images.map((image) => image.imageId));
      if (warehouseId === undefined || seen.has(warehouseId) || (imageId !== undefined && !held.has(imageId))) continue;
      seen.add(warehouseId);
      chosen.push({ bidder: this.#bidder(plantId), held });
    }
    return chosen;
  }

  #bidder(plantId: string): Bidder {
    const bidder = this.#bidders.find(plantId);
    if (!bidder) throw new GridError('PLANT_LOST', `the plant ${plantId} is not connected`, { plantId });
    return bidder;
  }
}

function findImage(images: readonly ImageReply[], idOrTag: string): ImageReply {
  const exact = images.find((one) => one.imageId === idOrTag);
  if (exact) return exact;
  const tagged = images.filter((one) => one.tags.includes(idOrTag));
  if (tagged.length > 1) {
    const imageIds = tagged.map((one) => one.imageId);
    throw new GridError('TAG_AMBIGUOUS', `the tag ${idOrTag} names ${imageIds.join(' and ')}`, { imageIds });
  }
  if (tagged[0]) return tagged[0];
  throw new GridError('IMAGE_UNKNOWN', `no plant offers an image ${idOrTag}`, { imageId: idOrTag });
}
