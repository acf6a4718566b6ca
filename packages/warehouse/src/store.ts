/**
 * The warehouse: a folder of golden images that several plants, even of several hosts, may share.
 *
 *   images/ID/       one golden image; complete and unchanging, because it is renamed in when it is done
 *   staging/NAME/    images that are being made (see staging.ts)
 *   references/ID/   the users of an image (see references.ts)
 *   hits/ID          how often machines were started from an image (see hits.ts)
 *   labels.json      pins and tags (see labels.ts)
 *   trash/           images that are being removed; none of them comes back
 *   warehouse-id     identifies this warehouse
 *   lock.sqlite      locked while an image moves in or out, gets a user or a label (see lock.ts)
 */
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeFolder, syncDirectory } from '@vmgrid/daemon';
import { GridError, type LabelImageRequest } from '@vmgrid/protocol';
import { v4 as uuid } from 'uuid';
import { findImageFault, type ImageFault } from './care/image-integrity.ts';
import { Quarantine } from './care/quarantine.ts';
import { refuseWhenFull } from './care/quota.ts';
import { verifyImages } from './care/verify.ts';
import { Hits } from './hits.ts';
import { Lineage } from './images/lineage.ts';
import type { GoldenImage, Manifest } from './images/manifest.ts';
import { type BrokenImage, EMPTY_INVENTORY, type Inventory, imagesFor, readInventory } from './inventory.ts';
import { keepOnly, type LabelSet, Labels, relabel } from './labels.ts';
import { WarehouseLock } from './lock.ts';
import { assembleImage, type ManifestDraft } from './making/assemble.ts';
import { type EndMachine, isClaimed, Staging, sweepStaging } from './making/staging.ts';
import { References } from './references.ts';
import { identifyWarehouse } from './warehouse-id.ts';

export type { ManifestDraft };

export interface WarehouseOptions {
  /** The owner under which `acquire` registers users: a plant's id. */
  readonly owner?: string;
  /** Limit on the size of all images; an image that would exceed it does not move in. */
  readonly quotaMiB?: number;
  /** Ends the machines of dead builds. Left out, machines that run under a daemon stay, with their folders. */
  readonly endMachine?: EndMachine;
  /** Called with the name of each step of promotion and removal when it is done; tests let the process die there. */
  readonly reached?: (step: string) => void;
}

/** Milliseconds between checks of another process's work, which causes no event here. */
const CLAIM_POLL_MS = 100;

export class Warehouse {
  readonly directory: string;
  readonly references: References;
  readonly hits: Hits;
  readonly quarantine = new Quarantine();
  readonly #staging: string;
  readonly #labels: Labels;
  readonly #lock: WarehouseLock;
  readonly #options: WarehouseOptions;
  #warehouseId = '';
  #inventory: Inventory = EMPTY_INVENTORY;

  private constructor(directory: string, options: WarehouseOptions) {
    this.directory = directory;
    this.references = new References(join(directory, 'references'));
    this.hits = new Hits(join(directory, 'hits'));
    this.#staging = join(directory, 'staging');
    this.#labels = new Labels(join(directory, 'labels.json'));
    this.#lock = new WarehouseLock(join(directory, 'lock.sqlite'));
    this.#options = options;
  }

  /** Opens a warehouse, makes its folders when they are missing, and sweeps what dead processes of this host left. */
  static async open(directory: string, options: WarehouseOptions = {}): Promise<Warehouse> {
    for (const folder of ['images', 'staging', 'trash']) {
      makeFolder(join(directory, folder), 0o755);
    }
    const warehouse = new Warehouse(directory, options);
    await sweepStaging(warehouse.#staging, options.endMachine);
    await warehouse.#lock.hold(() => warehouse.#tidy());
    await warehouse.#emptyTrash();
    return warehouse;
  }

  /** The same for every process that opens this warehouse. */
  get warehouseId(): string {
    return this.#warehouseId;
  }

  /** Bytes that the images may occupy; undefined without a quota. */
  get quotaBytes(): number | undefined {
    const { quotaMiB } = this.#options;
    return quotaMiB === undefined ? undefined : quotaMiB * 1_048_576;
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
    const tagged = images.get((await this.#labels.read()).tags[idOrTag] ?? '');
    if (tagged) return tagged;
    throw new GridError('IMAGE_UNKNOWN', `the warehouse has no image ${idOrTag}`, { imageId: idOrTag });
  }

  /** Returns the pins and tags of the images that are there. */
  async labels(): Promise<LabelSet> {
    const { images } = await this.#refresh();
    return keepOnly(await this.#labels.read(), (id) => images.has(id));
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

  async stage(imageId?: string): Promise<Staging> {
    const staging = await Staging.create(this.#staging, imageId);
    this.#reached('stage: made');
    return staging;
  }

  /**
   * Returns a staging folder to make this image in; undefined when the image exists or somebody is making it.
   * @throws GridError IMAGE_CORRUPT when the image exists and is broken; it has to be removed first
   */
  claim(imageId: string): Promise<Staging | undefined> {
    return this.#lock.hold(async () => {
      const image = (await this.allImages()).get(imageId);
      if (image) await this.#requireWhole(image);
      return image || (await isClaimed(this.#staging, imageId)) ? undefined : this.stage(imageId);
    });
  }

  /** Waits for the process that is making the image. Returns the image, or undefined when the making failed. */
  async awaitClaimed(imageId: string, signal: AbortSignal): Promise<GoldenImage | undefined> {
    while (await isClaimed(this.#staging, imageId)) {
      signal.throwIfAborted();
      await sleep(CLAIM_POLL_MS);
    }
    const { images } = this.quarantine.without(await this.#refresh());
    return images.get(imageId);
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
    const manifest = await assembleImage(staging, draft, (step) => this.#reached(step), signal);
    return this.#lock.hold(() => this.#moveIn(staging.imageDirectory, manifest));
  }

  /**
   * Removes an unused image, even a broken one, by id or tag.
   * @throws GridError IMAGE_UNKNOWN, IMAGE_PINNED, IMAGE_IN_USE (details: `children`, `users`)
   */
  async remove(idOrTag: string): Promise<void> {
    let trash = '';
    await this.#lock.hold(async () => {
      const id = await this.#resolve(idOrTag);
      trash = join(this.directory, 'trash', `${id}.${uuid()}`);
      await this.#refuseWhileWanted(id);
      await rename(join(this.directory, 'images', id), trash);
      this.#reached('remove: image moved out');
      await syncDirectory(join(this.directory, 'images'));
      await this.#forget(id);
      this.quarantine.release(id);
    });
    this.#reached('remove: forgotten');
    await discard(trash);
    this.#reached('remove: discarded');
  }

  /**
   * Registers a user of an image, so that the image cannot be removed, and counts a hit.
   * @throws GridError IMAGE_UNKNOWN when the image is gone; IMAGE_CORRUPT when it, or an image below it, has a fault:
   * then it is not used again
   */
  async acquire(id: string, user: string): Promise<void> {
    await this.#lock.hold(async () => {
      await this.#requireWhole(await this.image(id));
      try {
        await this.references.add(id, user, this.#options.owner);
        await this.hits.add(id);
      } catch (error) {
        await this.references.drop(id, user);
        throw error;
      }
    });
  }

  /** Drops the references of this warehouse's owner whose users are gone; returns how many. */
  releaseAllBut(living: ReadonlySet<string>): Promise<number> {
    const { owner } = this.#options;
    return owner === undefined ? Promise.resolve(0) : this.references.dropAllBut(owner, living);
  }

  /** Pins, unpins, tags and untags an image, by id or tag. @throws GridError IMAGE_UNKNOWN, TAG_INVALID */
  async label(idOrTag: string, change: LabelImageRequest): Promise<GoldenImage> {
    return this.#lock.hold(async () => {
      const image = await this.image(idOrTag);
      const { images } = this.#inventory;
      const taken = change.addTags?.find((tag) => images.has(tag));
      if (taken !== undefined) throw new GridError('TAG_INVALID', `${taken} is the id of an image`, { tag: taken });
      await this.#labels.write(relabel(await this.#labels.read(), image.manifest.id, change));
      return image;
    });
  }

  async #requireWhole(image: GoldenImage): Promise<void> {
    const { id } = image.manifest;
    const inventory = await this.#refresh();
    const fault = await findImageFault(image, inventory.images);
    if (fault) this.quarantine.add(fault);
    const reason = this.quarantine.reasonFor(inventory, id);
    if (reason === undefined) return;
    throw new GridError('IMAGE_CORRUPT', `the image ${id} is broken: ${reason}`, { ...fault, imageId: id, reason });
  }

  async #refuseWhileWanted(id: string): Promise<void> {
    const { pins } = await this.#labels.read();
    if (pins.includes(id)) throw new GridError('IMAGE_PINNED', `the image ${id} is pinned`, { imageId: id });
    const children = (await this.lineage()).children(id);
    const users = await this.references.of(id);
    if (children.length + users.length === 0) return;
    throw new GridError('IMAGE_IN_USE', `the image ${id} is used by ${[...children, ...users].join(', ')}`, {
      imageId: id,
      children,
      users,
    });
  }

  /** Returns the id that an id or a tag names, also for a broken image. */
  async #resolve(idOrTag: string): Promise<string> {
    const { broken } = await this.#refresh();
    if (broken.some((one) => one.id === idOrTag)) return idOrTag;
    return (await this.image(idOrTag)).manifest.id;
  }

  async #moveIn(folder: string, manifest: Manifest): Promise<GoldenImage> {
    const { id, parent = id, base } = manifest;
    for (const below of new Set([parent, base])) if (below !== id) await this.image(below);
    const images = await this.allImages();
    if (!images.has(id) && this.quotaBytes !== undefined) {
      await refuseWhenFull(images.values(), folder, manifest, this.quotaBytes);
    }
    try {
      await rename(folder, join(this.directory, 'images', id));
      this.#reached('promote: image moved in');
      await syncDirectory(join(this.directory, 'images'));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
    }
    return this.image(id);
  }

  async #forget(id: string): Promise<void> {
    await this.references.forget(id);
    this.#reached('forget: references');
    await this.hits.forget(id);
    this.#reached('forget: hits');
    await this.#labels.forget(id);
  }

  /** Removes what an interrupted removal left beside the images. */
  async #tidy(): Promise<void> {
    this.#warehouseId = await identifyWarehouse(join(this.directory, 'warehouse-id'));
    const there = new Set(await readdir(join(this.directory, 'images')));
    const beside = [...(await this.references.images()), ...(await this.hits.images())];
    for (const id of beside) if (!there.has(id)) await this.#forget(id);
    const labels = await this.#labels.read();
    const kept = keepOnly(labels, (id) => there.has(id));
    if (kept !== labels) await this.#labels.write(kept);
  }

  async #emptyTrash(): Promise<void> {
    const trash = join(this.directory, 'trash');
    for (const name of await readdir(trash)) await discard(join(trash, name));
  }

  async #refresh(): Promise<Inventory> {
    this.#inventory = await readInventory(join(this.directory, 'images'), this.#inventory);
    return this.#inventory;
  }

  #reached(step: string): void {
    this.#options.reached?.(step);
  }
}

/** Several processes may discard the same folder. */
const discard = (path: string): Promise<void> => rm(path, { recursive: true, force: true, maxRetries: 5 });
