/**
 * How often machines were started from an image: one byte of `hits/IMAGE` each, so that the file's size is the count
 * and its time is that of the last. Written under the warehouse's lock; appending a byte leaves nothing half done in a
 * crash, and costs a clone no wait for the disk. A power failure may lose the last few.
 */
import { appendFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ignoreMissing, makeFolder } from '@vmgrid/daemon';

export interface HitCount {
  readonly count: number;
  readonly lastAt?: Date;
}

export class Hits {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async of(imageId: string): Promise<HitCount> {
    const found = await stat(join(this.#root, imageId)).catch(ignoreMissing);
    return found ? { count: found.size, lastAt: found.mtime } : { count: 0 };
  }

  /** Ids of the images that have hits. */
  async images(): Promise<readonly string[]> {
    return (await readdir(this.#root).catch(ignoreMissing)) ?? [];
  }

  async add(imageId: string): Promise<void> {
    makeFolder(this.#root, 0o755);
    await appendFile(join(this.#root, imageId), '.', { mode: 0o644 });
  }

  /** Forgets an image that is gone. */
  async forget(imageId: string): Promise<void> {
    await rm(join(this.#root, imageId), { force: true });
  }
}
