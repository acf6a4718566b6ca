/** Copies archives of images between files of this machine and the endpoint of a plant. */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { ArchiveClient, ImportImagesReply, ProgressEvent } from '@vmgrid/protocol';
import { mib } from './output/image-text.ts';
import { createProgressDisplay } from './output/progress-display.ts';

export interface Download {
  /** An id or a tag. */
  readonly image: string;
  readonly file: string;
  /** Progress is told for programs. */
  readonly json: boolean;
}

/** The file appears complete or not at all. Returns the number of bytes. */
export async function downloadImage(plant: ArchiveClient, { image, file, json }: Download): Promise<number> {
  const display = createProgressDisplay(json);
  const partial = `${file}.partial`;
  const tell = (bytes: number, state: ProgressEvent['state']) =>
    display.show({ phase: 'download', subject: mib(bytes), state });
  try {
    const sink = createWriteStream(partial, { mode: 0o600, flush: true });
    const bytes = await plant.download(image, sink, {
      onBytes: (bytes) => tell(bytes, 'started'),
    });
    await rename(partial, file);
    tell(bytes, 'done');
    return bytes;
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  } finally {
    display.end();
  }
}

/** The plant accepts only bytes with the digest that the file has now. */
export async function uploadImages(
  plant: ArchiveClient,
  file: string,
  options: { readonly keepMemory: boolean; readonly json: boolean },
): Promise<ImportImagesReply> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  const display = createProgressDisplay(options.json);
  const { size } = await stat(file);
  const tell = (bytes: number, state: ProgressEvent['state']) =>
    display.show({ phase: 'upload', subject: `${mib(bytes)} of ${mib(size)}`, state });
  try {
    const reply = await plant.upload(createReadStream(file), {
      ...{ requestId: randomUUID(), sha256: hash.digest('base64'), keepMemory: options.keepMemory },
      onBytes: (bytes) => tell(bytes, 'started'),
    });
    tell(size, 'done');
    return reply;
  } finally {
    display.end();
  }
}
