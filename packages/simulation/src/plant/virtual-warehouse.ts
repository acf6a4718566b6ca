/**
 * The warehouse of one plant, as one run of its process sees it: work that is not finished when the process is killed
 * does not happen.
 */
import { GridError } from '@vmgrid/protocol';
import {
  type GoldenImage,
  type ImageBuildStore,
  Lineage,
  type ManifestDraft,
  type StagingFolder,
} from '@vmgrid/warehouse';
import type { Life } from '../world/life.ts';
import type { Host } from './host.ts';
import type { PlantDisk } from './plant-disk.ts';

/** Milliseconds until an image's files are digested and moved in. */
const ASSEMBLE_MS = 400;
const CLAIM_POLL_MS = 100;

export class VirtualWarehouse implements ImageBuildStore {
  readonly #disk: PlantDisk;
  readonly #life: Life;

  constructor(disk: PlantDisk, life: Life) {
    this.#disk = disk;
    this.#life = life;
  }

  get inventory(): this {
    return this;
  }

  get claims(): this {
    return this;
  }

  get references(): this {
    return this;
  }

  async images(): Promise<ReadonlyMap<string, GoldenImage>> {
    return this.#disk.images;
  }

  async image(imageId: string): Promise<GoldenImage> {
    return this.#require(imageId);
  }

  async lineage(): Promise<Lineage> {
    return new Lineage(this.#disk.images);
  }

  acquire(imageId: string, user: string): Promise<void> {
    return this.#write(() => {
      this.#require(imageId);
      this.#disk.holds.add(`${imageId} ${user}`);
    });
  }

  drop(imageId: string, user: string): Promise<void> {
    return this.#write(() => void this.#disk.holds.delete(`${imageId} ${user}`));
  }

  /** Virtual images are never broken. */
  async examine(): Promise<undefined> {
    return undefined;
  }

  releaseAllBut(living: ReadonlySet<string>): Promise<number> {
    const { holds } = this.#disk;
    const left = [...holds].filter((hold) => !living.has(hold.split(' ')[1]!));
    return this.#write(() => left.filter((hold) => holds.delete(hold)).length);
  }

  claim(imageId: string): Promise<StagingFolder | undefined> {
    const { images, stagings } = this.#disk;
    return this.#write(() => {
      if (images.has(imageId) || this.#isClaimed(imageId)) return undefined;
      const root = this.#disk.newStaging();
      const directory = `${root}/work`;
      stagings.set(directory, imageId);
      return { directory, imageDirectory: `${root}/image`, discard: () => this.#discard(directory) };
    });
  }

  async awaitClaimed(imageId: string, signal: AbortSignal): Promise<GoldenImage | undefined> {
    while (this.#isClaimed(imageId)) await this.#life.clock.sleep(CLAIM_POLL_MS, signal);
    return this.#disk.images.get(imageId);
  }

  async promote(staging: Pick<StagingFolder, 'directory'>, draft: ManifestDraft): Promise<GoldenImage> {
    await this.#life.clock.sleep(ASSEMBLE_MS);
    return this.#write(() => {
      if (!this.#disk.stagings.has(staging.directory))
        throw new Error(`${staging.directory} was promoted but not claimed`);
      for (const below of [draft.parent, draft.base]) if (below !== undefined) this.#require(below);
      const image: GoldenImage = {
        manifest: { version: 1, ...draft, files: [] },
        ...{ directory: `/warehouse/images/${draft.id}`, baseDirectory: `/warehouse/images/${draft.base}` },
      };
      this.#disk.images = new Map([...this.#disk.images, [draft.id, image]]);
      return image;
    });
  }

  remove(imageId: string): Promise<void> {
    return this.#write(() => {
      this.#require(imageId);
      const users = [...this.#disk.holds].filter((hold) => hold.startsWith(`${imageId} `));
      const children = new Lineage(this.#disk.images).children(imageId);
      if (users.length + children.length > 0) throw new GridError('IMAGE_IN_USE', `${imageId} is used`, { imageId });
      this.#disk.images = new Map([...this.#disk.images].filter(([id]) => id !== imageId));
    });
  }

  /** Removes what an earlier run was making, the machines first. */
  async sweep(host: Host): Promise<void> {
    for (const directory of [...this.#disk.stagings.keys()]) {
      host.end(directory, 'crashed');
      await this.#discard(directory);
    }
  }

  #require(imageId: string): GoldenImage {
    const image = this.#disk.images.get(imageId);
    if (image) return image;
    throw new GridError('IMAGE_UNKNOWN', `no image ${imageId}`, { imageId });
  }

  #isClaimed(imageId: string): boolean {
    return [...this.#disk.stagings.values()].includes(imageId);
  }

  #discard(directory: string): Promise<void> {
    return this.#write(() => {
      this.#disk.stagings.delete(directory);
      this.#disk.removeDiscs(directory);
    });
  }

  #write<T>(work: () => T): Promise<T> {
    return this.#disk.write(this.#life, work);
  }
}
