/** Writes an image and all images below it to one file: a tar archive, compressed with zstd. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress } from 'node:zlib';
import { GridError } from '@vmgrid/protocol';
import type { GoldenImage, Manifest } from '../images/manifest.ts';
import type { Warehouse } from '../warehouse.ts';
import { type ArchiveContents, CONTENTS_NAME, contentsOf, entryName } from './contents.ts';
import { CHUNK_BYTES } from './limits.ts';
import { END, headOf, paddingOf } from './ustar.ts';

/** With a checksum, decompression detects damage. */
const WITH_CHECKSUM = { params: { [constants.ZSTD_c_checksumFlag]: 1 } };

export interface ArchiveOptions {
  readonly signal: AbortSignal;
  /** Called for each file when it starts and when it is done. */
  readonly onFile?: (entry: string, state: 'started' | 'done') => void;
}

export interface ExportedImage {
  readonly imageId: string;
  /** The images in the archive, each after those below it. */
  readonly images: readonly string[];
  /** Bytes of the archive. */
  readonly bytes: number;
}

interface OpenFile {
  readonly imageId: string;
  readonly entry: Manifest['files'][number];
  readonly handle: FileHandle;
}

/**
 * Exports an image, given by id or tag. The file appears complete or not at all. @throws GridError IMAGE_UNKNOWN,
 * IMAGE_CORRUPT (a file does not match its manifest)
 */
export async function exportImage(
  warehouse: Warehouse,
  { image, path }: { readonly image: string; readonly path: string },
  options: ArchiveOptions,
): Promise<ExportedImage> {
  await using archive = await OpenArchive.open(warehouse, image);
  const { imageId, images } = archive.contents;
  const partial = `${path}.partial`;
  try {
    const output = createWriteStream(partial, { mode: 0o600, flush: true });
    await archive.writeTo(output, options);
    await rename(partial, path);
    return { imageId, images, bytes: output.bytesWritten };
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/** An image and all images below it, with their files open for writing an archive: a removal meanwhile does no harm. */
export class OpenArchive implements AsyncDisposable {
  readonly contents: ArchiveContents;
  readonly #chain: readonly GoldenImage[];
  readonly #files: OpenFile[] = [];

  private constructor(image: GoldenImage, below: readonly GoldenImage[]) {
    this.contents = contentsOf(image, below);
    this.#chain = [...below.toReversed(), image];
  }

  /** Opens an image by id or tag. @throws GridError IMAGE_UNKNOWN, IMAGE_CORRUPT */
  static async open(warehouse: Warehouse, idOrTag: string): Promise<OpenArchive> {
    const image = await warehouse.inventory.image(idOrTag);
    requireForAll(image);
    const archive = new OpenArchive(image, (await warehouse.inventory.lineage()).ancestors(image));
    try {
      for (const one of archive.#chain) await openFiles(one, archive.#files);
      return archive;
    } catch (error) {
      await archive[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Writes the archive, as fast as the output accepts it, and ends the output. @throws GridError IMAGE_CORRUPT */
  async writeTo(output: NodeJS.WritableStream, options: ArchiveOptions): Promise<void> {
    const archived = { contents: JSON.stringify(this.contents), chain: this.#chain, files: this.#files };
    const blocks = archiveBlocks(archived, options);
    const { signal } = options;
    await pipeline(Readable.from(blocks, { objectMode: false }), createZstdCompress(WITH_CHECKSUM), output, { signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { handle } of this.#files) await handle.close();
  }
}

/** One that was made for one use alone would be given to nobody elsewhere, and stay. @throws GridError IMAGE_UNKNOWN */
function requireForAll({ manifest: { id, madeFor } }: GoldenImage): void {
  if (madeFor === undefined) return;
  throw new GridError('IMAGE_UNKNOWN', `the image ${id} is made for one use alone`, { imageId: id, madeFor });
}

async function openFiles({ manifest, directory }: GoldenImage, opened: OpenFile[]): Promise<void> {
  for (const entry of manifest.files) {
    const handle = await open(join(directory, entry.file), 'r').catch((cause) => {
      throw corrupt({ imageId: manifest.id, entry }, 'cannot be opened', cause);
    });
    opened.push({ imageId: manifest.id, entry, handle });
  }
}

interface Archived {
  readonly contents: string;
  readonly chain: readonly GoldenImage[];
  readonly files: readonly OpenFile[];
}

async function* archiveBlocks(
  { contents, chain, files }: Archived,
  { onFile }: ArchiveOptions,
): AsyncGenerator<Buffer> {
  yield* smallEntry(CONTENTS_NAME, contents);
  for (const { manifest } of chain) {
    yield* smallEntry(entryName(manifest.id, 'manifest.json'), JSON.stringify(manifest));
    for (const file of files.filter(({ imageId }) => imageId === manifest.id)) {
      const name = entryName(manifest.id, file.entry.file);
      onFile?.(name, 'started');
      yield* fileEntry(name, file);
      onFile?.(name, 'done');
    }
  }
  yield END;
}

function* smallEntry(name: string, text: string): Generator<Buffer> {
  const content = Buffer.from(text);
  yield headOf({ name, bytes: content.length });
  yield content;
  yield Buffer.alloc(paddingOf(content.length));
}

async function* fileEntry(name: string, file: OpenFile): AsyncGenerator<Buffer> {
  const { entry, handle } = file;
  yield headOf({ name, bytes: entry.bytes });
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of handle.createReadStream({ autoClose: false, highWaterMark: CHUNK_BYTES })) {
    hash.update(chunk);
    bytes += chunk.length;
    if (bytes > entry.bytes) throw corrupt(file, 'is longer than its manifest says');
    yield chunk;
  }
  if (bytes < entry.bytes) throw corrupt(file, 'is shorter than its manifest says');
  if (hash.digest('hex') !== entry.sha256) throw corrupt(file, 'has another SHA-256 than its manifest says');
  yield Buffer.alloc(paddingOf(entry.bytes));
}

const corrupt = ({ imageId, entry: { file } }: Omit<OpenFile, 'handle'>, what: string, cause?: unknown) =>
  new GridError('IMAGE_CORRUPT', `${file} of the image ${imageId} ${what}`, { imageId, file }, { cause });
