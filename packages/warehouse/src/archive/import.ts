/**
 * Imports images from an archive into a warehouse: reads all of them into staging folders first, then moves them in one
 * after another.
 */
import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { UndoStack } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import type { GoldenImage } from '../images/manifest.ts';
import { readQcow2Header } from '../images/qcow2-header.ts';
import type { ManifestDraft } from '../making/assemble.ts';
import { relateDisk, relativeName } from '../making/flatten.ts';
import type { Staging } from '../making/staging.ts';
import type { Warehouse } from '../warehouse.ts';
import { ArchiveEntries } from './archive-entries.ts';
import { type Arrival, Arrivals, type ImportOptions } from './arrivals.ts';
import { ByteSource } from './byte-source.ts';
import { placeImage } from './place.ts';

export type { ImportOptions };

export interface ImportedImage {
  readonly imageId: string;
  /**
   * Its id in the archive. It differs when the warehouse has another build under that id, or when the memory was left
   * out.
   */
  readonly archivedId: string;
  /** False when the warehouse already had it. */
  readonly imported: boolean;
  /** Why it was imported without its memory. */
  readonly diskOnly?: string;
}

/**
 * Imports all images of an archive, or none: when one fails, those moved in before it are removed again.
 * @throws GridError ARCHIVE_INVALID, IMAGE_CORRUPT (a file does not match its manifest), WAREHOUSE_FULL
 */
export const importArchive = (warehouse: Warehouse, path: string, options: ImportOptions): Promise<ImportedImage[]> =>
  importStream(warehouse, createReadStream(path), options);

/**
 * Imports an archive as {@link importArchive} does, from its bytes as they arrive. No image moves in before all bytes
 * have arrived.
 */
export async function importStream(
  warehouse: Warehouse,
  bytes: AsyncIterable<Buffer>,
  options: ImportOptions,
): Promise<ImportedImage[]> {
  const stream = createZstdDecompress();
  const reading = pipeline(Readable.from(bytes), stream, { signal: options.signal });
  reading.catch(() => undefined); // whoever reads the stream hears of it
  const staged = new UndoStack();
  try {
    const entries = new ArchiveEntries(new ByteSource(stream));
    const arrivals = await new Arrivals({ warehouse, entries, undo: staged }, options).read();
    await reading;
    return await moveAllIn(warehouse, arrivals, options.signal);
  } catch (error) {
    options.signal.throwIfAborted();
    throw error;
  } finally {
    stream.destroy();
    await staged.unwind();
  }
}

async function moveAllIn(
  warehouse: Warehouse,
  arrivals: readonly Arrival[],
  signal: AbortSignal,
): Promise<ImportedImage[]> {
  const undo = new UndoStack();
  const idsHere = new Map<string, string>();
  const images: ImportedImage[] = [];
  try {
    for (const { archived, staging, diskOnly } of arrivals) {
      // The warehouse may have changed since the image was read.
      const { draft, there } = placeImage({ archived, diskOnly }, idsHere, await warehouse.inventory.images());
      const coming = { warehouse, draft, undo };
      const image = there ?? (await moveIn(coming, requireStaged(staging, draft.id), signal));
      const imageId = image.manifest.id;
      idsHere.set(archived.id, imageId);
      images.push({
        ...{ imageId, archivedId: archived.id, imported: !there },
        ...(diskOnly === undefined ? {} : { diskOnly }),
      });
    }
    return images;
  } catch (error) {
    await undo.unwind(); // an image that is used already stays
    throw error;
  }
}

function requireStaged(staging: Staging | undefined, imageId: string): Staging {
  if (staging) return staging;
  throw new GridError('IMAGE_UNKNOWN', `the image ${imageId} was removed while the archive was read`, { imageId });
}

interface Coming {
  readonly warehouse: Warehouse;
  readonly draft: ManifestDraft;
  readonly undo: UndoStack;
}

async function moveIn({ warehouse, draft, undo }: Coming, staging: Staging, signal: AbortSignal): Promise<GoldenImage> {
  const disk = join(staging.directory, draft.disk);
  if (draft.diskFormat === 'qcow2') await relate(disk, { warehouse, draft }, signal);
  const image = await warehouse.claims.promote(staging, draft, signal);
  const wasFirst = await access(staging.imageDirectory).then(
    () => false,
    () => true,
  );
  if (wasFirst) undo.push('image', () => warehouse.remove(draft.id));
  return image;
}

/** Makes a disk an overlay of its parent's disk in the warehouse, whatever name the disk contains. */
async function relate(
  disk: string,
  { warehouse, draft: { id, parent, machine } }: Pick<Coming, 'warehouse' | 'draft'>,
  signal: AbortSignal,
): Promise<void> {
  const header = await readQcow2Header(disk);
  if (!header || header.externalData || header.virtualBytes !== BigInt(machine.diskMiB) * 1_048_576n) {
    const message = `the disk of ${id} is no qcow2 of its own of the size stated`;
    throw new GridError('ARCHIVE_INVALID', message, { imageId: id });
  }
  const below = await warehouse.inventory.image(parent!);
  if (header.backingFile !== relativeName(below)) await relateDisk(disk, below, signal);
}
