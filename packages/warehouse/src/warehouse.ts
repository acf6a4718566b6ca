/**
 * The warehouse: a folder of golden images that several plants, even of several hosts, may share.
 *
 *   images/ID/       one golden image; complete and unchanging, because it is renamed in when it is done
 *   staging/NAME/    images that are being made (see making/)
 *   references/ID/   the users of an image (see references/references.ts)
 *   hits/ID          how often machines were started from an image (see references/hits.ts)
 *   labels.json      pins and tags (see inventory/labels.ts)
 *   trash/           images that are being removed; none of them comes back
 *   warehouse-id     identifies this warehouse
 *   lock.sqlite      locked while an image moves in or out, gets a user or a label (see lock.ts)
 */
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { identifyFolder, makeFolder, syncDirectory } from '@vmgrid/daemon';
import { GridError, type LabelImageRequest } from '@vmgrid/protocol';
import { v4 as uuid } from 'uuid';
import type { GoldenImage } from './images/manifest.ts';
import { ImageInventory } from './inventory/image-inventory.ts';
import { keepOnly, type LabelSet, Labels, relabel } from './inventory/labels.ts';
import { WarehouseLock } from './lock.ts';
import { ImageClaims } from './making/image-claims.ts';
import { type EndMachine, sweepStaging } from './making/staging.ts';
import { Hits } from './references/hits.ts';
import { References } from './references/references.ts';

export interface WarehouseOptions {
  /** The owner under which `acquire` registers users: the id of a plant's state, which no other plant has. */
  readonly owner?: string;
  /** Limit on the size of all images; an image that would exceed it does not move in. */
  readonly quotaMiB?: number;
  /** Ends the machines of dead builds. Left out, machines that run under a daemon stay, with their folders. */
  readonly endMachine?: EndMachine;
  /** Called with the name of each step of promotion and removal when it is done; tests let the process die there. */
  readonly reached?: (step: string) => void;
}

/** A warehouse that is open. */
interface Opened {
  readonly directory: string;
  readonly warehouseId: string;
  readonly lock: WarehouseLock;
}

export class Warehouse {
  readonly directory: string;
  /** The same for every process that opens this warehouse. */
  readonly warehouseId: string;
  /** Bytes that the images may occupy; undefined without a quota. */
  readonly quotaBytes: number | undefined;
  /** The images in the folder. */
  readonly inventory: ImageInventory;
  /** Images that are being made, and how they move in. */
  readonly claims: ImageClaims;
  /** The users of each image. */
  readonly references: References;
  readonly hits: Hits;
  readonly #labels: Labels;
  readonly #lock: WarehouseLock;
  readonly #reached: (step: string) => void;

  private constructor({ directory, warehouseId, lock }: Opened, options: WarehouseOptions) {
    const { owner, quotaMiB, reached = () => undefined } = options;
    const labels = new Labels(join(directory, 'labels.json'));
    this.directory = directory;
    this.warehouseId = warehouseId;
    this.quotaBytes = quotaMiB === undefined ? undefined : quotaMiB * 1_048_576;
    this.inventory = new ImageInventory({ folder: join(directory, 'images'), warehouseId, labels });
    const { inventory, quotaBytes } = this;
    this.claims = new ImageClaims({ directory, inventory, lock, quotaBytes, reached });
    this.hits = new Hits(join(directory, 'hits'));
    const { hits } = this;
    this.references = new References({ folder: join(directory, 'references'), owner, inventory, hits, lock });
    this.#labels = labels;
    this.#lock = lock;
    this.#reached = reached;
  }

  /** Opens a warehouse, makes its folders when they are missing, and sweeps what dead processes of this host left. */
  static async open(directory: string, options: WarehouseOptions = {}): Promise<Warehouse> {
    for (const folder of ['images', 'staging', 'trash']) {
      makeFolder(join(directory, folder), 0o755);
    }
    await sweepStaging(join(directory, 'staging'), options.endMachine);
    const lock = new WarehouseLock(join(directory, 'lock.sqlite'));
    const warehouse = await lock.hold(async () => {
      const warehouseId = await identifyFolder(join(directory, 'warehouse-id'));
      const opened = new Warehouse({ directory, warehouseId, lock }, options);
      await opened.#tidy();
      return opened;
    });
    await warehouse.#emptyTrash();
    return warehouse;
  }

  /** Returns the pins and tags of the images that are there. */
  async labels(): Promise<LabelSet> {
    const images = await this.inventory.allImages();
    return keepOnly(await this.#labels.read(), (id) => images.has(id));
  }

  /** Pins, unpins, tags and untags an image, by id or tag. @throws GridError IMAGE_UNKNOWN, TAG_INVALID */
  async label(idOrTag: string, change: LabelImageRequest): Promise<GoldenImage> {
    return this.#lock.hold(async () => {
      const image = await this.inventory.image(idOrTag);
      const images = await this.inventory.allImages();
      const taken = change.addTags?.find((tag) => images.has(tag));
      if (taken !== undefined) throw new GridError('TAG_INVALID', `${taken} is the id of an image`, { tag: taken });
      await this.#labels.write(relabel(await this.#labels.read(), image.manifest.id, change));
      return image;
    });
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
      this.inventory.quarantine.release(id);
    });
    this.#reached('remove: forgotten');
    await discard(trash);
    this.#reached('remove: discarded');
  }

  async #refuseWhileWanted(id: string): Promise<void> {
    const { pins } = await this.#labels.read();
    if (pins.includes(id)) throw new GridError('IMAGE_PINNED', `the image ${id} is pinned`, { imageId: id });
    const children = (await this.inventory.lineage()).children(id);
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
    const broken = await this.inventory.broken();
    if (broken.some((one) => one.id === idOrTag)) return idOrTag;
    return (await this.inventory.image(idOrTag)).manifest.id;
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
}

/** Several processes may discard the same folder. */
const discard = (path: string): Promise<void> => rm(path, { recursive: true, force: true, maxRetries: 5 });
