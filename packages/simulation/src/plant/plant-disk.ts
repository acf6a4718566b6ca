/** What outlives a plant's process on its host: records, discs, holds on images, what it has learnt. */
import type { DatabaseSync } from 'node:sqlite';
import { GridError } from '@vmgrid/protocol';
import {
  type ConfigDiscPlan,
  type DiscShelf,
  type GoldenImage,
  type ImageHolds,
  openDatabaseInMemory,
  type VmRecord,
  type VmStore,
} from '@vmgrid/vmplant';
import type { Life } from '../world/life.ts';

/** One write to the disk. */
const WRITE_MS = 2;

export interface Folder {
  record: string | undefined;
  readonly files: Set<string>;
}

export class PlantDisk {
  readonly images: ReadonlyMap<string, GoldenImage>;
  readonly database: DatabaseSync = openDatabaseInMemory();
  readonly folders = new Map<string, Folder>();
  readonly discs = new Map<string, ConfigDiscPlan>();
  /** `IMAGE USER` each. */
  readonly holds = new Set<string>();
  #discs = 0;
  readonly #changed: () => void;

  /** `changed` is told of each write. */
  constructor(images: ReadonlyMap<string, GoldenImage>, changed: () => void) {
    this.images = images;
    this.#changed = changed;
  }

  /** The records that a plant that starts now would find. */
  records(): readonly VmRecord[] {
    return [...this.folders.values()].flatMap(({ record }) => (record === undefined ? [] : [JSON.parse(record)]));
  }

  async image(imageId: string): Promise<GoldenImage> {
    const image = this.images.get(imageId);
    if (image) return image;
    throw new GridError('IMAGE_UNKNOWN', `no image ${imageId}`, { imageId });
  }

  directoryOf(vmId: string): string {
    return `vms/${vmId}`;
  }

  folderOf(directory: string): Folder | undefined {
    return this.folders.get(directory.slice('vms/'.length));
  }

  /** The disk as one run of the plant's process sees it: what it has not finished when it is killed does not happen. */
  store(life: Life): VmStore {
    const { folders } = this;
    const write = (work: () => void) => this.#write(life, work);
    return {
      directory: (vmId) => this.directoryOf(vmId),
      read: async () => {
        for (const [vmId, { record }] of folders) if (record === undefined) folders.delete(vmId);
        return this.records();
      },
      makeFolder: (vmId) => write(() => folders.set(vmId, { record: undefined, files: new Set() })),
      write: (record) =>
        write(() => {
          folders.get(record.vmId)!.record = JSON.stringify(record);
        }),
      remove: (vmId) =>
        write(() => {
          folders.delete(vmId);
          this.#removeDiscs(this.directoryOf(vmId));
        }),
    };
  }

  shelf(life: Life): DiscShelf {
    return {
      prepare: (directory, plan) => {
        this.#discs += 1;
        const path = `${directory}/config-${this.#discs}.iso`;
        const written = this.#write(life, () => this.discs.set(path, plan));
        return {
          path,
          written,
          discard: async () => {
            await written;
            await this.#write(life, () => this.discs.delete(path));
          },
        };
      },
      removeAll: (directory) => this.#write(life, () => this.#removeDiscs(directory)),
    };
  }

  imageHolds(life: Life): ImageHolds {
    return {
      acquire: async (imageId, user) => {
        await this.image(imageId);
        await this.#write(life, () => this.holds.add(`${imageId} ${user}`));
      },
      references: { drop: (imageId, user) => this.#write(life, () => this.holds.delete(`${imageId} ${user}`)) },
      releaseAllBut: async (living) => {
        const left = [...this.holds].filter((hold) => !living.has(hold.split(' ')[1]!));
        await this.#write(life, () => {
          for (const hold of left) this.holds.delete(hold);
        });
        return left.length;
      },
    };
  }

  #removeDiscs(directory: string): void {
    for (const path of this.discs.keys()) if (path.startsWith(`${directory}/`)) this.discs.delete(path);
  }

  async #write(life: Life, work: () => unknown): Promise<void> {
    await life.clock.sleep(WRITE_MS);
    work();
    this.#changed();
  }
}
