/**
 * Who uses an image: one file `references/IMAGE/USER` each, which holds the user's owner (a plant's id). Files, not
 * memory, because several plants may share the warehouse, and because a reference must outlive a plant that was killed.
 */
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ignoreMissing, makeFolder, readFileIfAny } from '@vmgrid/daemon';

export class References {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** Users of an image, such as `vm-…`. */
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

  /** Forgets an image that is gone. */
  async forget(imageId: string): Promise<void> {
    await rm(join(this.#root, imageId), { recursive: true, force: true });
  }

  /** Ids of the images that have, or had, users. */
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

  /** Undefined when the reference was dropped meanwhile. */
  #ownerOf(imageId: string, user: string): Promise<string | undefined> {
    return readFileIfAny(join(this.#root, imageId, user));
  }
}
