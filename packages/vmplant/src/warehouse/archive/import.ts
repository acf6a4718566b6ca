/**
 * Reads images from an archive into a warehouse. The archive is not trusted: every entry must be the very one that the
 * manifests before it announce, so that no name, type or size in it decides anything.
 */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { GridError } from '@vmgrid/protocol';
import { relateDisk, relativeName } from '../flatten.ts';
import type { GoldenImage, Manifest } from '../manifest.ts';
import { readQcow2Header } from '../qcow2-header.ts';
import type { Staging } from '../staging.ts';
import type { Warehouse } from '../store.ts';
import { ByteSource } from './byte-source.ts';
import { CONTENTS_MAX_BYTES, CONTENTS_NAME, entryName, validateContents } from './contents.ts';
import type { ArchiveOptions } from './export.ts';
import { ARCHIVE_LIMITS, type ArchiveLimits } from './limits.ts';
import { placeImage } from './place.ts';
import { requireConsistent, validateArchived } from './require-consistent.ts';
import { writeSparse } from './sparse-file.ts';
import type { TarEntry } from './ustar.ts';

export interface ImportOptions extends ArchiveOptions {
  /** Why this host cannot restore a suspended image; undefined when it can. Such an image is imported without its memory. */
  readonly restoreFault: (manifest: Manifest) => string | undefined;
  readonly limits?: ArchiveLimits;
}

export interface ImportedImage {
  readonly imageId: string;
  /** Its id in the archive: another when the warehouse has a different build under that id, or the memory was left out. */
  readonly archivedId: string;
  /** False when the warehouse had it. */
  readonly imported: boolean;
  /** Why it was imported without its memory. */
  readonly diskOnly?: string;
}

/** @throws GridError ARCHIVE_INVALID, IMAGE_CORRUPT (a file is not as its manifest says), WAREHOUSE_FULL */
export async function importArchive(
  warehouse: Warehouse,
  path: string,
  options: ImportOptions,
): Promise<ImportedImage[]> {
  const stream = createZstdDecompress();
  const reading = pipeline(createReadStream(path), stream, { signal: options.signal });
  reading.catch(() => undefined); // whoever reads the stream hears of it
  try {
    return await new Import(warehouse, new ByteSource(stream), options).run();
  } catch (error) {
    options.signal.throwIfAborted();
    throw error;
  } finally {
    stream.destroy();
  }
}

class Import {
  readonly #warehouse: Warehouse;
  readonly #source: ByteSource;
  readonly #options: ImportOptions;
  readonly #limits: ArchiveLimits;
  /** By id in the archive. */
  readonly #placed = new Map<string, GoldenImage>();
  #totalBytes = 0;
  #dataBytes = 0;

  constructor(warehouse: Warehouse, source: ByteSource, options: ImportOptions) {
    this.#warehouse = warehouse;
    this.#source = source;
    this.#options = options;
    this.#limits = options.limits ?? ARCHIVE_LIMITS;
  }

  async run(): Promise<ImportedImage[]> {
    const contents = validateContents(await this.#json(CONTENTS_NAME, CONTENTS_MAX_BYTES));
    this.#require(contents.images.length <= this.#limits.images, 'images', contents.images.length, this.#limits.images);
    const imported: ImportedImage[] = [];
    for (const id of contents.images) imported.push(await this.#image(id));
    const more = await this.#source.entry();
    if (more) throw unexpected(more, 'the end of the archive');
    return imported;
  }

  async #image(archivedId: string): Promise<ImportedImage> {
    const name = entryName(archivedId, 'manifest.json');
    const archived = validateArchived(await this.#json(name, this.#limits.manifestBytes), archivedId);
    requireConsistent(archived, this.#placed);
    this.#totalBytes += archived.files.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#require(this.#totalBytes <= this.#limits.totalBytes, 'bytes', this.#totalBytes, this.#limits.totalBytes);
    const diskOnly = archived.memory ? this.#options.restoreFault(archived) : undefined;
    const place = placeImage(archived, diskOnly !== undefined, this.#placed, await this.#warehouse.images());
    const staging = place.there ? undefined : await this.#warehouse.stage(place.draft.id);
    try {
      await this.#files(archived, staging);
      const image = staging ? await this.#promote(staging, place.draft) : place.there!;
      this.#placed.set(archivedId, image);
      return {
        ...{ imageId: image.manifest.id, archivedId, imported: staging !== undefined },
        ...(diskOnly === undefined ? {} : { diskOnly }),
      };
    } finally {
      await staging?.discard();
    }
  }

  async #files({ id, files }: Manifest, staging: Staging | undefined): Promise<void> {
    for (const { file, bytes, sha256 } of files) {
      const name = entryName(id, file);
      const entry = await this.#entry(name);
      if (entry.bytes !== bytes) throw unexpected(entry, `${name} with ${bytes} bytes`);
      this.#options.onFile?.(name, 'started');
      if (staging) await this.#write(join(staging.directory, file), entry, sha256, id);
      else for await (const _ of this.#source.content(entry));
      this.#options.onFile?.(name, 'done');
    }
  }

  async #write(path: string, entry: TarEntry, sha256: string, imageId: string): Promise<void> {
    const before = this.#dataBytes;
    const limit = this.#limits.dataBytes;
    const allow = (dataBytes: number) =>
      this.#require(before + dataBytes <= limit, 'bytes of data', before + dataBytes, limit);
    const written = await writeSparse(path, entry.bytes, this.#source.content(entry), allow);
    this.#dataBytes += written.dataBytes;
    if (written.sha256 === sha256) return;
    throw new GridError('IMAGE_CORRUPT', `${entry.name} has another SHA-256 than its manifest says`, {
      imageId,
      file: entry.name,
    });
  }

  async #promote(staging: Staging, draft: Parameters<Warehouse['promote']>[1]): Promise<GoldenImage> {
    const { signal } = this.#options;
    if (draft.diskFormat === 'qcow2') {
      const parent = await this.#warehouse.image(draft.parent!);
      const disk = join(staging.directory, draft.disk);
      const header = await readQcow2Header(disk);
      if (!header || header.externalData || header.virtualBytes !== BigInt(draft.machine.diskMiB) * 1_048_576n) {
        throw new GridError('ARCHIVE_INVALID', `the disk of ${draft.id} is no qcow2 of its own of the size stated`, {
          imageId: draft.id,
        });
      }
      if (header.backingFile !== relativeName(parent)) await relateDisk(disk, parent, signal);
    }
    return this.#warehouse.promote(staging, draft, signal);
  }

  /** The next entry, which must have this name. */
  async #entry(name: string): Promise<TarEntry> {
    const entry = await this.#source.entry();
    if (entry?.name === name) return entry;
    throw unexpected(entry, name);
  }

  async #json(name: string, maxBytes: number): Promise<unknown> {
    const entry = await this.#entry(name);
    this.#require(entry.bytes <= maxBytes, `bytes in ${name}`, entry.bytes, maxBytes);
    const pieces: Buffer[] = [];
    for await (const piece of this.#source.content(entry)) pieces.push(piece);
    try {
      return JSON.parse(Buffer.concat(pieces).toString('utf8'));
    } catch (cause) {
      throw new GridError('ARCHIVE_INVALID', `${name} is no JSON`, { entry: name }, { cause });
    }
  }

  #require(holds: boolean, what: string, actual: number, limit: number): void {
    if (holds) return;
    throw new GridError('ARCHIVE_INVALID', `the archive has ${actual} ${what}, the limit is ${limit}`, {
      actual,
      limit,
    });
  }
}

function unexpected(entry: TarEntry | undefined, expected: string): GridError {
  const found = entry ? `${JSON.stringify(entry.name)} with ${entry.bytes} bytes` : 'its end';
  return new GridError('ARCHIVE_INVALID', `the archive has ${found} where ${expected} was expected`, {
    ...(entry ? { entry: entry.name } : {}),
  });
}
