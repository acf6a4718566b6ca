/** The golden images of a warehouse, as they lie on the disk: what is there, what is broken, what stands on what. */
import { GridError } from '@vmgrid/protocol';
import { findImageFault, type ImageFault } from '../care/image-integrity.ts';
import { Quarantine } from '../care/quarantine.ts';
import { verifyImages } from '../care/verify.ts';
import { Lineage } from '../images/lineage.ts';
import type { GoldenImage } from '../images/manifest.ts';
import type { Labels } from './labels.ts';
import { type BrokenImage, EMPTY_INVENTORY, type Inventory, imagesFor, readInventory } from './read-inventory.ts';

export interface ImageInventoryDeps {
  /** The folder `images/`. */
  readonly folder: string;
  /** Identifies the warehouse. */
  readonly warehouseId: string;
  readonly labels: Pick<Labels, 'read'>;
}

export class ImageInventory {
  readonly quarantine = new Quarantine();
  readonly #deps: ImageInventoryDeps;
  #inventory: Inventory = EMPTY_INVENTORY;

  constructor(deps: ImageInventoryDeps) {
    this.#deps = deps;
  }

  get warehouseId(): string {
    return this.#deps.warehouseId;
  }

  /**
   * Returns all golden images that machines may be started from, by id; those that were made for one use alone only for
   * that use. It reads the disk only when the folder has changed.
   */
  async images(use?: string): Promise<ReadonlyMap<string, GoldenImage>> {
    return imagesFor(this.quarantine.without(await this.#refresh()).images, use);
  }

  /** Returns all images, also broken ones and those made for one use alone, but no folders that are no images. */
  async allImages(): Promise<ReadonlyMap<string, GoldenImage>> {
    return (await this.#refresh()).images;
  }

  /** Returns the folders among the images that are broken or are no images. */
  async broken(): Promise<readonly BrokenImage[]> {
    return this.quarantine.without(await this.#refresh()).broken;
  }

  /** Returns the image of an id or a tag; an id wins over a tag. @throws GridError IMAGE_UNKNOWN, IMAGE_CORRUPT */
  async image(idOrTag: string): Promise<GoldenImage> {
    const { images, broken } = await this.#refresh();
    const image = images.get(idOrTag);
    if (image) return image;
    const fault = broken.find((one) => one.id === idOrTag);
    if (fault) {
      throw new GridError('IMAGE_CORRUPT', `the image ${idOrTag} is broken: ${fault.reason}`, {
        imageId: idOrTag,
        file: 'manifest.json',
      });
    }
    const tagged = images.get((await this.#deps.labels.read()).tags[idOrTag] ?? '');
    if (tagged) return tagged;
    throw new GridError('IMAGE_UNKNOWN', `the warehouse has no image ${idOrTag}`, { imageId: idOrTag });
  }

  async lineage(): Promise<Lineage> {
    return new Lineage(await this.allImages());
  }

  /**
   * Reads an image, and all images below it, completely. A broken one is not used again. @throws GridError
   * IMAGE_UNKNOWN
   */
  async examine(id: string, signal: AbortSignal): Promise<ImageFault | undefined> {
    const [fault] = (await verifyImages(this, [id], { signal })).flatMap(({ imageId, faults }) =>
      faults.map((one) => ({ imageId, ...one })),
    );
    return fault;
  }

  /**
   * Refuses an image when it, or an image below it, has a fault that is seen without reading its files: then it is not
   * used again. @throws GridError IMAGE_CORRUPT
   */
  async requireWhole(image: GoldenImage): Promise<void> {
    const { id } = image.manifest;
    const inventory = await this.#refresh();
    const fault = await findImageFault(image, inventory.images);
    if (fault) this.quarantine.add(fault);
    const reason = this.quarantine.reasonFor(inventory, id);
    if (reason === undefined) return;
    throw new GridError('IMAGE_CORRUPT', `the image ${id} is broken: ${reason}`, { ...fault, imageId: id, reason });
  }

  async #refresh(): Promise<Inventory> {
    this.#inventory = await readInventory(this.#deps.folder, this.#inventory);
    return this.#inventory;
  }
}
