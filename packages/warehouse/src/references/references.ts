/**
 * The users of an image: one file `references/IMAGE/USER` for each, which contains the user's owner: the id of a
 * plant's state, as plants of two grids may have one name. They are files, because several plants may share the
 * warehouse, and because a reference must outlive a killed plant.
 */
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ignoreMissing, makeFolder, readFileIfAny } from '@vmgrid/daemon';
import type { ImageInventory } from '../inventory/image-inventory.ts';
import type { WarehouseLock } from '../lock.ts';
import type { Hits } from './hits.ts';

/** In place of an owner; no plant has this id. */
const NO_OWNER = '-';

export interface ReferencesDeps {
  /** The folder `references/`. */
  readonly folder: string;
  /** The owner under which users are registered: the id of a plant's state. */
  readonly owner: string | undefined;
  readonly inventory: Pick<ImageInventory, 'image' | 'requireWhole'>;
  readonly hits: Pick<Hits, 'add'>;
  readonly lock: Pick<WarehouseLock, 'hold'>;
}

export class References {
  readonly #deps: ReferencesDeps;
  readonly #root: string;

  constructor(deps: ReferencesDeps) {
    this.#deps = deps;
    this.#root = deps.folder;
  }

  /**
   * Registers a user of an image, so that the image cannot be removed, and counts a hit.
   * @throws GridError IMAGE_UNKNOWN when the image is gone; IMAGE_CORRUPT when it, or an image below it, has a fault:
   * then it is not used again
   */
  async acquire(imageId: string, user: string): Promise<void> {
    const { inventory, hits, lock } = this.#deps;
    await lock.hold(async () => {
      await inventory.requireWhole(await inventory.image(imageId));
      try {
        await this.#add(imageId, user);
        await hits.add(imageId);
      } catch (error) {
        await this.drop(imageId, user);
        throw error;
      }
    });
  }

  /** Returns the users of an image, such as `vm-…`. */
  async of(imageId: string): Promise<readonly string[]> {
    return (await readdir(join(this.#root, imageId)).catch(ignoreMissing)) ?? [];
  }

  /** Idempotent. */
  async drop(imageId: string, user: string): Promise<void> {
    await rm(join(this.#root, imageId, user), { force: true });
  }

  /** Forgets an image that was removed. */
  async forget(imageId: string): Promise<void> {
    await rm(join(this.#root, imageId), { recursive: true, force: true });
  }

  /** Returns the ids of the images that have, or had, users. */
  async images(): Promise<readonly string[]> {
    return (await readdir(this.#root).catch(ignoreMissing)) ?? [];
  }

  /** Drops the references of this owner whose users are gone; returns how many. @throws GridError DEADLINE_EXCEEDED */
  async releaseAllBut(living: ReadonlySet<string>): Promise<number> {
    const { owner, lock } = this.#deps;
    return owner === undefined ? 0 : lock.hold(() => this.#releaseAllBut(living, owner));
  }

  /** Under the lock nobody is writing a reference: the writer of one without an owner was killed amid it. */
  async #releaseAllBut(living: ReadonlySet<string>, owner: string): Promise<number> {
    let dropped = 0;
    for (const imageId of await this.images()) {
      for (const user of await this.of(imageId)) {
        if (living.has(user) || ![owner, ''].includes((await this.#ownerOf(imageId, user)) ?? NO_OWNER)) continue;
        await this.drop(imageId, user);
        dropped += 1;
      }
    }
    return dropped;
  }

  async #add(imageId: string, user: string): Promise<void> {
    const folder = join(this.#root, imageId);
    makeFolder(folder, 0o700);
    await writeFile(join(folder, user), this.#deps.owner ?? NO_OWNER, { mode: 0o600 });
  }

  /** Returns undefined when the reference was dropped meanwhile. */
  #ownerOf(imageId: string, user: string): Promise<string | undefined> {
    return readFileIfAny(join(this.#root, imageId, user));
  }
}
