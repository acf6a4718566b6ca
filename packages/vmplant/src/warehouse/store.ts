/**
 * The warehouse: a folder of golden images which several plants, also of several hosts, may share.
 *
 *   images/ID/       one golden image; complete and unchanging, because it is renamed in when it is done
 *   staging/NAME/    images being made (see staging.ts)
 *   references/ID/   who uses an image (see references.ts)
 *   trash/           images on their way out
 */
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory } from '@vmgrid/daemon';
import { createValidator, GridError } from '@vmgrid/protocol';
import { v4 as uuid } from 'uuid';
import { digestFile } from './digest-file.ts';
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
  /** Modification time of `images/` when it was read; undefined when it may have changed since within the same tick. */
  readonly stamp: bigint | undefined;
}

/** A manifest before its files were digested. */
export type ManifestDraft = Omit<Manifest, 'files' | 'version'>;

const validateManifest = createValidator(Manifest);

/** File times are as coarse as the kernel's tick: a folder changed this recently is read again. */
const STAMP_TRUSTED_AFTER_MS = 50n;

export class Warehouse {
  readonly directory: string;
  readonly references: References;
  #inventory: Inventory = { images: new Map(), broken: [], stamp: undefined };

  private constructor(directory: string) {
    this.directory = directory;
    this.references = new References(join(directory, 'references'));
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

  /** @throws GridError IMAGE_UNKNOWN */
  async image(id: string): Promise<GoldenImage> {
    const image = (await this.images()).get(id);
    if (!image) throw new GridError('IMAGE_UNKNOWN', `the warehouse has no image ${id}`, { imageId: id });
    return image;
  }

  stage(): Promise<Staging> {
    return Staging.create(join(this.directory, 'staging'));
  }

  /**
   * Makes a golden image of the files named by the draft, which lie in the staging folder. The folder `images/ID` appears
   * at once and complete. When another process was first with the same image, that one is returned.
   */
  async promote(staging: Staging, draft: ManifestDraft, signal?: AbortSignal): Promise<GoldenImage> {
    const folder = join(staging.directory, 'image');
    await mkdir(folder, { mode: 0o755 });
    const files: Manifest['files'] = [];
    for (const file of filesOf(draft)) {
      await rename(join(staging.directory, file), join(folder, file));
      const { size } = await stat(join(folder, file));
      files.push({ file, sha256: await digestFile(join(folder, file), signal), bytes: size });
    }
    const manifest = validateManifest({ version: 1, ...draft, files });
    await writeFile(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`, {
      mode: 0o644,
      flush: true,
    });
    await chmod(folder, 0o755);
    await syncDirectory(folder);
    await this.#moveIn(folder, manifest.id);
    return this.image(manifest.id);
  }

  /**
   * Removes an image that nothing uses.
   * @throws GridError IMAGE_UNKNOWN, IMAGE_IN_USE (details: `children`, `users`)
   */
  async remove(id: string): Promise<void> {
    await this.image(id);
    await this.#refuseWhileUsed(id);
    const trash = join(this.directory, 'trash', `${id}.${uuid()}`);
    await rename(join(this.directory, 'images', id), trash);
    try {
      // Who took the image between the check and the rename finds it missing, or is found here.
      await this.#refuseWhileUsed(id);
    } catch (error) {
      await rename(trash, join(this.directory, 'images', id));
      throw error;
    }
    await this.references.forget(id);
    await rm(trash, { recursive: true, force: true });
  }

  /**
   * Registers a user of an image, so that it cannot be removed.
   * @throws GridError IMAGE_UNKNOWN when the image is gone.
   */
  async acquire(id: string, user: string): Promise<void> {
    await this.references.add(id, user);
    try {
      await stat(join(this.directory, 'images', id, 'manifest.json'));
    } catch {
      await this.references.drop(id, user);
      throw new GridError('IMAGE_UNKNOWN', `the image ${id} has just been removed`, { imageId: id });
    }
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

  async #moveIn(folder: string, id: string): Promise<void> {
    try {
      await rename(folder, join(this.directory, 'images', id));
      await syncDirectory(join(this.directory, 'images'));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
    }
  }

  async #emptyTrash(): Promise<void> {
    const trash = join(this.directory, 'trash');
    for (const name of await readdir(trash)) await rm(join(trash, name), { recursive: true, force: true });
  }

  async #refresh(): Promise<Inventory> {
    const folder = join(this.directory, 'images');
    const { mtimeNs } = await stat(folder, { bigint: true });
    if (this.#inventory.stamp !== mtimeNs) this.#inventory = await readInventory(folder, mtimeNs, this.#inventory);
    return this.#inventory;
  }
}

/** Files that belong to the image, by the draft. Boot files lie in the base image only. */
function filesOf(draft: ManifestDraft): readonly string[] {
  const boot = draft.base === draft.id ? [draft.boot.kernel, draft.boot.initrd] : [];
  const memory = draft.memory ? [draft.memory.memory, draft.memory.state] : [];
  return [draft.disk, ...memory, ...boot];
}

/** Images never change, so only those not seen before are read. */
async function readInventory(folder: string, mtimeNs: bigint, before: Inventory): Promise<Inventory> {
  const settled = BigInt(Date.now()) - mtimeNs / 1_000_000n > STAMP_TRUSTED_AFTER_MS;
  const images = new Map<string, GoldenImage>();
  const broken: BrokenImage[] = [];
  for (const id of await readdir(folder)) {
    try {
      images.set(id, before.images.get(id) ?? (await readImage(folder, id)));
    } catch (error) {
      broken.push({ id, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return { images, broken, stamp: settled ? mtimeNs : undefined };
}

async function readImage(folder: string, id: string): Promise<GoldenImage> {
  const manifest = validateManifest(JSON.parse(await readFile(join(folder, id, 'manifest.json'), 'utf8')));
  return { manifest, directory: join(folder, id), baseDirectory: join(folder, manifest.base) };
}
