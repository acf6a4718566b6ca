/**
 * The warehouse: a folder of golden images which several plants, also of several hosts, may share.
 *
 *   images/ID/       one golden image; complete and unchanging, because it is renamed in when it is done
 *   staging/NAME/    images being made (see staging.ts)
 *   references/ID/   who uses an image (see references.ts)
 *   trash/           images on their way out; nothing comes back from there
 *   lock.sqlite      held while an image moves in or out or gets a user (see lock.ts)
 */
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory } from '@vmgrid/daemon';
import { GridError, validate } from '@vmgrid/protocol';
import { v4 as uuid } from 'uuid';
import { digestFile } from './digest-file.ts';
import { WarehouseLock } from './lock.ts';
import { type GoldenImage, Manifest } from './manifest.ts';
import { References } from './references.ts';
import { Staging, sweepStaging } from './staging.ts';

/** A folder under `images/` that is not a golden image, and why. */
export interface BrokenImage {
  readonly id: string;
  readonly reason: string;
}

interface Inventory {
  readonly images: ReadonlyMap<string, GoldenImage>;
  readonly broken: readonly BrokenImage[];
  /** By image: tells one that was removed and built again from the one before. */
  readonly versions: ReadonlyMap<string, string>;
  /** Modification time of `images/` when it was read; undefined when it may have changed since within the same tick. */
  readonly stamp: bigint | undefined;
}

/** A manifest before its files were digested. */
export type ManifestDraft = Omit<Manifest, 'files' | 'version'>;

const validateManifest = (value: unknown): Manifest =>
  validate(Manifest, value, { code: 'IMAGE_CORRUPT', subject: 'manifest' });

/** File times are as coarse as the kernel's tick: a folder changed this recently is read again. */
const STAMP_TRUSTED_AFTER_MS = 50n;

export class Warehouse {
  readonly directory: string;
  readonly references: References;
  readonly #lock: WarehouseLock;
  #inventory: Inventory = { images: new Map(), broken: [], versions: new Map(), stamp: undefined };

  private constructor(directory: string) {
    this.directory = directory;
    this.references = new References(join(directory, 'references'));
    this.#lock = new WarehouseLock(join(directory, 'lock.sqlite'));
  }

  /** Opens a warehouse, making its folders when there are none, and sweeps what dead processes of this host left. */
  static async open(directory: string): Promise<Warehouse> {
    for (const folder of ['images', 'staging', 'trash']) {
      await mkdir(join(directory, folder), { recursive: true, mode: 0o755 });
    }
    const warehouse = new Warehouse(directory);
    await sweepStaging(join(directory, 'staging'));
    await warehouse.#emptyTrash();
    return warehouse;
  }

  /** All golden images, by id. Reads the disk only when the folder has changed. */
  async images(): Promise<ReadonlyMap<string, GoldenImage>> {
    return (await this.#refresh()).images;
  }

  /** What lies among the images without being one. */
  async broken(): Promise<readonly BrokenImage[]> {
    return (await this.#refresh()).broken;
  }

  /** @throws GridError IMAGE_UNKNOWN, IMAGE_CORRUPT */
  async image(id: string): Promise<GoldenImage> {
    const { images, broken } = await this.#refresh();
    const image = images.get(id);
    if (image) return image;
    const fault = broken.find((one) => one.id === id);
    if (!fault) throw new GridError('IMAGE_UNKNOWN', `the warehouse has no image ${id}`, { imageId: id });
    throw new GridError('IMAGE_CORRUPT', `the image ${id} is broken: ${fault.reason}`, { imageId: id });
  }

  stage(): Promise<Staging> {
    return Staging.create(join(this.directory, 'staging'));
  }

  /**
   * Makes a golden image of the files named by the draft, which lie in the staging's folder. The folder `images/ID` appears
   * at once and complete. When another process was first with the same image, that one is returned.
   * @throws GridError IMAGE_CORRUPT when the draft does not follow the schema, IMAGE_UNKNOWN when its parent is gone.
   */
  async promote(staging: Staging, draft: ManifestDraft, signal?: AbortSignal): Promise<GoldenImage> {
    const frame = validateManifest({ version: 1, ...draft, files: [] });
    const folder = staging.imageDirectory;
    const files: Manifest['files'] = [];
    for (const file of filesOf(frame)) {
      await rename(join(staging.directory, file), join(folder, file));
      files.push(await freeze(folder, file, signal));
    }
    const manifest: Manifest = { ...frame, files };
    await writeFile(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`, {
      mode: 0o644,
      flush: true,
    });
    await syncDirectory(folder);
    return this.#lock.hold(() => this.#moveIn(folder, manifest));
  }

  /**
   * Removes an image that nothing uses, also a broken one.
   * @throws GridError IMAGE_UNKNOWN, IMAGE_IN_USE (details: `children`, `users`)
   */
  async remove(id: string): Promise<void> {
    const trash = join(this.directory, 'trash', `${id}.${uuid()}`);
    await this.#lock.hold(async () => {
      await this.#refuseUnlessThere(id);
      await this.#refuseWhileUsed(id);
      await rename(join(this.directory, 'images', id), trash);
      await syncDirectory(join(this.directory, 'images'));
      await this.references.forget(id);
    });
    await discard(trash);
  }

  /**
   * Registers a user of an image, so that it cannot be removed.
   * @throws GridError IMAGE_UNKNOWN when the image is gone.
   */
  async acquire(id: string, user: string): Promise<void> {
    await this.#lock.hold(async () => {
      await this.image(id);
      await this.references.add(id, user);
    });
  }

  /** Ids of the images whose disk or boot files lie in this one. */
  async children(id: string): Promise<readonly string[]> {
    return [...(await this.images()).values()]
      .map((image) => image.manifest)
      .filter((manifest) => manifest.id !== id && (manifest.parent === id || manifest.base === id))
      .map((manifest) => manifest.id);
  }

  async #refuseWhileUsed(id: string): Promise<void> {
    const [children, users] = await Promise.all([this.children(id), this.references.of(id)]);
    if (children.length + users.length === 0) return;
    throw new GridError('IMAGE_IN_USE', `the image ${id} is used by ${[...children, ...users].join(', ')}`, {
      imageId: id,
      children,
      users,
    });
  }

  async #refuseUnlessThere(id: string): Promise<void> {
    const { images, broken } = await this.#refresh();
    if (images.has(id) || broken.some((one) => one.id === id)) return;
    throw new GridError('IMAGE_UNKNOWN', `the warehouse has no image ${id}`, { imageId: id });
  }

  async #moveIn(folder: string, { id, parent = id, base }: Manifest): Promise<GoldenImage> {
    for (const below of new Set([parent, base])) if (below !== id) await this.image(below);
    try {
      await rename(folder, join(this.directory, 'images', id));
      await syncDirectory(join(this.directory, 'images'));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
    }
    return this.image(id);
  }

  async #emptyTrash(): Promise<void> {
    const trash = join(this.directory, 'trash');
    for (const name of await readdir(trash)) await discard(join(trash, name));
  }

  async #refresh(): Promise<Inventory> {
    const folder = join(this.directory, 'images');
    const { mtimeNs } = await stat(folder, { bigint: true });
    if (this.#inventory.stamp !== mtimeNs) this.#inventory = await readInventory(folder, mtimeNs, this.#inventory);
    return this.#inventory;
  }
}

/** Files that belong to the image. Boot files lie in the base image only. */
function filesOf({ id, base, boot, disk, memory }: Manifest): readonly string[] {
  return [disk, ...(memory ? [memory.memory, memory.state] : []), ...(base === id ? [boot.kernel, boot.initrd] : [])];
}

/** Digests a file, and brings it to the disk before the image can be seen. */
async function freeze(folder: string, file: string, signal?: AbortSignal): Promise<Manifest['files'][number]> {
  const path = join(folder, file);
  const sha256 = await digestFile(path, signal);
  await using handle = await open(path, 'r');
  await handle.sync();
  return { file, sha256, bytes: (await handle.stat()).size };
}

/** Several processes may discard the same. */
const discard = (path: string): Promise<void> => rm(path, { recursive: true, force: true, maxRetries: 5 });

/** Images never change, so only those not seen before are read. */
async function readInventory(folder: string, mtimeNs: bigint, before: Inventory): Promise<Inventory> {
  const settled = BigInt(Date.now()) - mtimeNs / 1_000_000n > STAMP_TRUSTED_AFTER_MS;
  const images = new Map<string, GoldenImage>();
  const versions = new Map<string, string>();
  const broken: BrokenImage[] = [];
  const ids = await readdir(folder);
  const found = await Promise.all(ids.map((id) => versionOf(join(folder, id))));
  for (const [index, id] of ids.entries()) {
    const version = found[index]!;
    const known = before.versions.get(id) === version ? before.images.get(id) : undefined;
    try {
      images.set(id, known ?? (await readImage(folder, id)));
      versions.set(id, version);
    } catch (error) {
      broken.push({ id, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return { images, broken, versions, stamp: settled ? mtimeNs : undefined };
}

async function versionOf(directory: string): Promise<string> {
  const found = await stat(join(directory, 'manifest.json'), { bigint: true }).catch(() => undefined);
  return `${found?.ino} ${found?.mtimeNs}`;
}

async function readImage(folder: string, id: string): Promise<GoldenImage> {
  const manifest = validateManifest(JSON.parse(await readFile(join(folder, id, 'manifest.json'), 'utf8')));
  if (manifest.id !== id) throw new Error(`its manifest is of the image ${manifest.id}`);
  return { manifest, directory: join(folder, id), baseDirectory: join(folder, manifest.base) };
}
