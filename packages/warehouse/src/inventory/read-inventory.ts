/** Reads the content of `images/`. Images never change, so only new ones are read. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { validate } from '@vmgrid/protocol';
import { type GoldenImage, Manifest } from '../images/manifest.ts';

/** A folder in `images/` that is no golden image, and the reason. */
export interface BrokenImage {
  readonly id: string;
  readonly reason: string;
}

export interface Inventory {
  readonly images: ReadonlyMap<string, GoldenImage>;
  readonly broken: readonly BrokenImage[];
  /** For each image, a stamp that distinguishes it from a removed image with the same id. */
  readonly versions: ReadonlyMap<string, string>;
  /**
   * Modification time of `images/` when it was read; undefined when the folder may have changed again within the same
   * tick.
   */
  readonly stamp: bigint | undefined;
}

export const EMPTY_INVENTORY: Inventory = { images: new Map(), broken: [], versions: new Map(), stamp: undefined };

const shared = new WeakMap<Inventory['images'], Inventory['images']>();

/**
 * Without those that were made for one use alone; those of `use` are there. Without a `use` the same object for the
 * same images.
 */
export function imagesFor(images: Inventory['images'], use?: string): Inventory['images'] {
  const known = use === undefined ? shared.get(images) : undefined;
  if (known) return known;
  const given = [...images].filter(([, { manifest }]) => manifest.madeFor === undefined || manifest.madeFor === use);
  const found = given.length === images.size ? images : new Map(given);
  if (use === undefined) shared.set(images, found);
  return found;
}

/** File times are as coarse as the kernel's tick, so a folder that changed this recently is read again. */
const STAMP_TRUSTED_AFTER_MS = 50n;

/** @throws GridError IMAGE_CORRUPT */
export const validateManifest = (value: unknown): Manifest =>
  validate(Manifest, value, { code: 'IMAGE_CORRUPT', subject: 'manifest' });

/** `folder` is `images/`; `before` is the last inventory. */
export async function readInventory(folder: string, before: Inventory): Promise<Inventory> {
  const { mtimeNs } = await stat(folder, { bigint: true });
  if (before.stamp === mtimeNs) return before;
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
