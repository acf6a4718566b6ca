/**
 * Counts how often machines were started from an image: each start appends one byte to `hits/IMAGE`, so the file's size
 * is the count and its time is that of the last start. It is written under the warehouse's lock. Appending a byte
 * leaves nothing half done after a crash, and a clone need not wait for the disk. A power failure may lose the last
 * few.
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

  /** Returns the ids of the images that have hits. */
  async images(): Promise<readonly string[]> {
    return (await readdir(this.#root).catch(ignoreMissing)) ?? [];
  }

  async add(imageId: string): Promise<void> {
    makeFolder(this.#root, 0o755);
    await appendFile(join(this.#root, imageId), '.', { mode: 0o644 });
  }

  /** Forgets an image that was removed. */
  async forget(imageId: string): Promise<void> {
    await rm(join(this.#root, imageId), { force: true });
  }
}
