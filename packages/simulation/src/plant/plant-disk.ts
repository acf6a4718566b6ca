/** The state on a host that outlives the plant's process: records, discs, holds on images, learnt durations. */
import type { DatabaseSync } from 'node:sqlite';
import type { ConfigDiscPlan } from '@vmgrid/lines';
import { type ConfigDiscStore, openDatabaseInMemory, type VmRecord, type VmStore } from '@vmgrid/vmplant';
import type { GoldenImage } from '@vmgrid/warehouse';
import type { Life } from '../world/life.ts';

/** Milliseconds that one write to the disk takes. */
const WRITE_MS = 2;

export interface Folder {
  record: string | undefined;
  readonly files: Set<string>;
}

export class PlantDisk {
  readonly warehouseId: string;
  /** To change it, replace the whole map. */
  images: ReadonlyMap<string, GoldenImage>;
  /** Folders in which images are being made, and the ids of those images. */
  readonly stagings = new Map<string, string>();
  readonly database: DatabaseSync = openDatabaseInMemory();
  readonly folders = new Map<string, Folder>();
  readonly discs = new Map<string, ConfigDiscPlan>();
  /** Each entry is `IMAGE USER`. */
  readonly holds = new Set<string>();
  /** The record in each folder as it was read last. */
  readonly #read = new WeakMap<Folder, { readonly text: string; readonly record: VmRecord }>();
  #discs = 0;
  #stagings = 0;
  readonly #changed: () => void;

  /** `changed` is called at each write. */
  constructor(warehouseId: string, images: ReadonlyMap<string, GoldenImage>, changed: () => void) {
    this.warehouseId = warehouseId;
    this.images = images;
    this.#changed = changed;
  }

  /**
   * Returns the records that a plant would find if it started now, for observers outside: the same objects until they
   * change.
   */
  records(): readonly VmRecord[] {
    return [...this.folders.values()].flatMap((folder) => this.#recordOf(folder) ?? []);
  }

  #recordOf(folder: Folder): VmRecord | undefined {
    const { record: text } = folder;
    if (text === undefined) return undefined;
    const before = this.#read.get(folder);
    if (before?.text === text) return before.record;
    const record: VmRecord = JSON.parse(text);
    this.#read.set(folder, { text, record });
    return record;
  }

  newStaging(): string {
    this.#stagings += 1;
    return `staging/${this.#stagings}`;
  }

  directoryOf(vmId: string): string {
    return `vms/${vmId}`;
  }

  folderOf(directory: string): Folder | undefined {
    return this.folders.get(directory.slice('vms/'.length));
  }

  /**
   * Returns the disk as one run of the plant's process sees it: a write that is not finished when the process is killed
   * does not happen.
   */
  store(life: Life): VmStore {
    const { folders } = this;
    const write = (work: () => unknown) => this.write<unknown>(life, work).then(() => undefined);
    return {
      directory: (vmId) => this.directoryOf(vmId),
      read: async () => {
        for (const [vmId, { record }] of folders) if (record === undefined) folders.delete(vmId);
        return [...folders.values()].map(({ record }) => JSON.parse(record!));
      },
      makeFolder: (vmId) => write(() => folders.set(vmId, { record: undefined, files: new Set() })),
      write: (record) =>
        write(() => {
          folders.get(record.vmId)!.record = JSON.stringify(record);
        }),
      remove: (vmId) =>
        write(() => {
          folders.delete(vmId);
          this.removeDiscs(this.directoryOf(vmId));
        }),
    };
  }

  shelf(life: Life): ConfigDiscStore {
    return {
      prepare: (directory, plan) => {
        this.#discs += 1;
        const path = `${directory}/config-${this.#discs}.iso`;
        const written = this.write(life, () => void this.discs.set(path, plan));
        return {
          path,
          written,
          discard: async () => {
            await written;
            await this.write(life, () => void this.discs.delete(path));
          },
        };
      },
      removeAll: (directory) => this.write(life, () => this.removeDiscs(directory)),
    };
  }

  removeDiscs(directory: string): void {
    for (const path of this.discs.keys()) if (path.startsWith(`${directory}/`)) this.discs.delete(path);
  }

  /** Makes one write, completely or not at all. */
  async write<T>(life: Life, work: () => T): Promise<T> {
    await life.clock.sleep(WRITE_MS);
    const result = work();
    this.#changed();
    return result;
  }
}
