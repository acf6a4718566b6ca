/** Verifies that images match their manifests, and that their disks are overlays of the right disks. */
import { stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { VerifiedImage } from '@vmgrid/protocol';
import { digestFile } from '../images/digest-file.ts';
import type { Lineage } from '../images/lineage.ts';
import type { GoldenImage } from '../images/manifest.ts';
import { readQcow2Header } from '../images/qcow2-header.ts';
import type { BrokenImage } from '../inventory/read-inventory.ts';
import { sizeFault } from './image-integrity.ts';
import type { Quarantine } from './quarantine.ts';

type Fault = VerifiedImage['faults'][number];

/** The part of a warehouse that verification uses. */
export interface VerifiableImages {
  readonly warehouseId: string;
  readonly quarantine: Pick<Quarantine, 'add' | 'release'>;
  /** Returns all images, broken ones included. */
  allImages(): Promise<ReadonlyMap<string, GoldenImage>>;
  broken(): Promise<readonly BrokenImage[]>;
  /** Returns an image by id or tag. @throws GridError IMAGE_UNKNOWN */
  image(idOrTag: string): Promise<GoldenImage>;
  lineage(): Promise<Lineage>;
}

export interface VerifyOptions {
  readonly signal: AbortSignal;
  /** Called for each file when its check starts and ends. */
  readonly onFile?: (imageId: string, file: string, state: 'started' | 'done' | 'failed') => void;
}

/**
 * Verifies the images given by id or tag, and all images below them; without any, the whole warehouse. Broken folders
 * count as faults too. From now on no machine is started from an image with a fault, and images without one may be used
 * again; an image that was not read completely keeps its status. @throws GridError IMAGE_UNKNOWN
 */
export async function verifyImages(
  warehouse: VerifiableImages,
  names: readonly string[] | undefined,
  options: VerifyOptions,
): Promise<VerifiedImage[]> {
  const { warehouseId, quarantine } = warehouse;
  const all = await warehouse.allImages();
  const torn = (await warehouse.broken()).filter(({ id }) => !all.has(id));
  const broken = torn.filter(({ id }) => names === undefined || names.includes(id));
  const verified: VerifiedImage[] = broken.map(({ id, reason }) => ({
    ...{ imageId: id, warehouseId, bytes: 0 },
    faults: [{ file: 'manifest.json', reason }],
  }));
  const brokenIds = new Set(broken.map(({ id }) => id));
  const wanted = names?.filter((name) => !brokenIds.has(name));
  for (const image of await imagesOf(warehouse, wanted)) {
    const verdict = await verifyImage(image, await warehouse.allImages(), options);
    const { imageId, faults } = verdict;
    if (faults[0]) quarantine.add({ imageId, ...faults[0] });
    else quarantine.release(imageId);
    verified.push({ warehouseId, ...verdict });
  }
  return verified;
}

async function imagesOf(
  warehouse: VerifiableImages,
  names: readonly string[] | undefined,
): Promise<Iterable<GoldenImage>> {
  if (names === undefined) return (await warehouse.allImages()).values();
  const lineage = await warehouse.lineage();
  const found = new Map<string, GoldenImage>();
  for (const name of names) {
    const image = await warehouse.image(name);
    for (const one of [image, ...lineage.ancestors(image)]) found.set(one.manifest.id, one);
  }
  return found.values();
}

async function verifyImage(
  image: GoldenImage,
  images: ReadonlyMap<string, GoldenImage>,
  { signal, onFile }: VerifyOptions,
): Promise<Omit<VerifiedImage, 'warehouseId'>> {
  const { manifest } = image;
  const faults: Fault[] = [];
  let bytes = 0;
  for (const entry of manifest.files) {
    onFile?.(manifest.id, entry.file, 'started');
    const reason = await fileFault(image, entry, signal);
    if (reason === undefined) bytes += entry.bytes;
    else faults.push({ file: entry.file, reason });
    onFile?.(manifest.id, entry.file, reason === undefined ? 'done' : 'failed');
  }
  const reason = await chainFault(image, images);
  if (reason !== undefined && faults.every(({ file }) => file !== manifest.disk)) {
    faults.push({ file: manifest.disk, reason });
  }
  return { imageId: manifest.id, bytes, faults };
}

async function fileFault(
  image: GoldenImage,
  entry: GoldenImage['manifest']['files'][number],
  signal: AbortSignal,
): Promise<string | undefined> {
  const missing = await sizeFault(image, entry);
  if (missing !== undefined) return missing;
  const { file, sha256 } = entry;
  const digest = await digestFile(join(image.directory, file), signal);
  return digest === sha256 ? undefined : `its SHA-256 is ${digest}, its manifest says ${sha256}`;
}

/** Returns a fault when the disk is no overlay of its parent's disk, or the boot files are missing. */
async function chainFault(
  { manifest, directory }: GoldenImage,
  images: ReadonlyMap<string, GoldenImage>,
): Promise<string | undefined> {
  const base = images.get(manifest.base);
  if (!base) return `its base ${manifest.base} is missing`;
  if (manifest.diskFormat === 'raw') return undefined;
  const header = await readQcow2Header(join(directory, manifest.disk));
  if (!header) return 'the disk is no qcow2 file';
  if (header.externalData) return 'the disk keeps its data in another file';
  return backingFault({ directory, backing: header.backingFile }, manifest.parent, images);
}

async function backingFault(
  { directory, backing }: { readonly directory: string; readonly backing: string | undefined },
  parentId: string | undefined,
  images: ReadonlyMap<string, GoldenImage>,
): Promise<string | undefined> {
  if (parentId === undefined) return backing === undefined ? undefined : `it has no parent but stands on ${backing}`;
  const parent = images.get(parentId);
  if (!parent) return `its parent ${parentId} is missing`;
  if (backing === undefined) return `it stands on nothing, its parent is ${parentId}`;
  const expected = join(parent.directory, parent.manifest.disk);
  const path = isAbsolute(backing) ? backing : join(directory, backing);
  return (await isSameFile(path, expected))
    ? undefined
    : `it stands on ${backing}, which is not the disk of its parent ${parentId}`;
}

/** Also recognizes the file under another name, such as a hard link. */
async function isSameFile(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map((path) => stat(path, { bigint: true }).catch(() => undefined)));
  return a !== undefined && a.ino === b?.ino && a.dev === b.dev;
}
