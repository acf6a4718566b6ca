/**
 * The users of an image: one file `references/IMAGE/USER` for each, which contains the user's owner (a plant's id).
 * They are files, because several plants may share the warehouse, and because a reference must outlive a killed plant.
 */
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ignoreMissing, makeFolder, readFileIfAny } from '@vmgrid/daemon';

export class References {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** Returns the users of an image, such as `vm-…`. */
  async of(imageId: string): Promise<readonly string[]> {
    return (await readdir(join(this.#root, imageId)).catch(ignoreMissing)) ?? [];
  }

  async add(imageId: string, user: string, owner = ''): Promise<void> {
    const folder = join(this.#root, imageId);
    makeFolder(folder, 0o700);
    await writeFile(join(folder, user), owner, { mode: 0o600 });
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

  /** Drops the references of an owner whose users are gone; returns how many. */
  async dropAllBut(owner: string, living: ReadonlySet<string>): Promise<number> {
    let dropped = 0;
    for (const imageId of await this.images()) {
      for (const user of await this.of(imageId)) {
        if (living.has(user) || (await this.#ownerOf(imageId, user)) !== owner) continue;
        await this.drop(imageId, user);
        dropped += 1;
      }
    }
    return dropped;
  }

  /** Returns undefined when the reference was dropped meanwhile. */
  #ownerOf(imageId: string, user: string): Promise<string | undefined> {
    return readFileIfAny(join(this.#root, imageId, user));
  }
}
