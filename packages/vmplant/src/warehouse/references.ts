/**
 * Who uses an image: one empty file `references/IMAGE/USER` each. Files, not memory, because several plants may share
 * the warehouse, and because a reference must outlive a plant that was killed.
 */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export class References {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** Users of an image, such as `vm-…` or `build-…`. */
  async of(imageId: string): Promise<readonly string[]> {
    return (await readdir(join(this.#root, imageId)).catch(ignoreMissing)) ?? [];
  }

  async add(imageId: string, user: string): Promise<void> {
    const folder = join(this.#root, imageId);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(join(folder, user), '', { mode: 0o600 });
  }

  /** Idempotent. */
  async drop(imageId: string, user: string): Promise<void> {
    await rm(join(this.#root, imageId, user), { force: true });
  }

  /** Forgets an image that is gone. */
  async forget(imageId: string): Promise<void> {
    await rm(join(this.#root, imageId), { recursive: true, force: true });
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
