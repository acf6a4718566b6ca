/** How images come: somebody claims an image, makes it in a staging folder, and promotes it. Nobody else makes it. */
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { syncDirectory } from '@vmgrid/daemon';
import { refuseWhenFull } from '../care/quota.ts';
import type { GoldenImage, Manifest } from '../images/manifest.ts';
import type { ImageInventory } from '../inventory/image-inventory.ts';
import type { WarehouseLock } from '../lock.ts';
import { assembleImage, type ManifestDraft } from './assemble.ts';
import { isClaimed, Staging } from './staging.ts';

export interface ImageClaimsDeps {
  /** The warehouse's own folder. */
  readonly directory: string;
  readonly inventory: ImageInventory;
  readonly lock: WarehouseLock;
  /** Bytes that the images may occupy; undefined without a quota. */
  readonly quotaBytes: number | undefined;
  /** Called with the name of each step when it is done. */
  readonly reached: (step: string) => void;
}

/** Milliseconds between checks of another process's work, which causes no event here. */
const CLAIM_POLL_MS = 100;

export class ImageClaims {
  readonly #deps: ImageClaimsDeps;
  readonly #staging: string;
  readonly #images: string;

  constructor(deps: ImageClaimsDeps) {
    this.#deps = deps;
    this.#staging = join(deps.directory, 'staging');
    this.#images = join(deps.directory, 'images');
  }

  async stage(imageId?: string): Promise<Staging> {
    const staging = await Staging.create(this.#staging, imageId);
    this.#deps.reached('stage: made');
    return staging;
  }

  /**
   * Returns a staging folder to make this image in; undefined when the image exists or somebody is making it.
   * @throws GridError IMAGE_CORRUPT when the image exists and is broken; it has to be removed first
   */
  claim(imageId: string): Promise<Staging | undefined> {
    const { inventory, lock } = this.#deps;
    return lock.hold(async () => {
      const image = (await inventory.allImages()).get(imageId);
      if (image) await inventory.requireWhole(image);
      return image || (await isClaimed(this.#staging, imageId)) ? undefined : this.stage(imageId);
    });
  }

  /** Waits for the process that is making the image. Returns the image, or undefined when the making failed. */
  async awaitClaimed(imageId: string, signal: AbortSignal): Promise<GoldenImage | undefined> {
    while (await isClaimed(this.#staging, imageId)) {
      signal.throwIfAborted();
      await sleep(CLAIM_POLL_MS);
    }
    return (await this.#deps.inventory.images()).get(imageId);
  }

  /**
   * Makes a golden image of the files named by the draft, which lie in the staging's folder. The folder `images/ID`
   * appears at once and complete. When another process was first with the same image, that image is returned.
   * @throws GridError IMAGE_CORRUPT when the draft does not follow the schema, IMAGE_UNKNOWN when its parent is gone,
   * WAREHOUSE_FULL (details: `usedMiB`, `neededMiB`, `limitMiB`)
   */
  async promote(
    staging: Pick<Staging, 'directory' | 'imageDirectory'>,
    draft: ManifestDraft,
    signal?: AbortSignal,
  ): Promise<GoldenImage> {
    const { lock, reached } = this.#deps;
    const manifest = await assembleImage(staging, draft, { reached, signal });
    return lock.hold(() => this.#moveIn(staging.imageDirectory, manifest));
  }

  async #moveIn(folder: string, manifest: Manifest): Promise<GoldenImage> {
    const { inventory, quotaBytes, reached } = this.#deps;
    const { id, parent = id, base } = manifest;
    for (const below of new Set([parent, base])) if (below !== id) await inventory.image(below);
    const images = await inventory.allImages();
    if (!images.has(id) && quotaBytes !== undefined) {
      await refuseWhenFull({ folder, manifest }, images.values(), quotaBytes);
    }
    try {
      await rename(folder, join(this.#images, id));
      reached('promote: image moved in');
      await syncDirectory(this.#images);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
    }
    return inventory.image(id);
  }
}
