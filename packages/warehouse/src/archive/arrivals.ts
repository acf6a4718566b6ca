/**
 * Reads the images of an archive into staging folders. The archive is not trusted: every entry must be exactly the one
 * that the manifests before it announce, so no name, type or size in the archive decides anything.
 */
import { join } from 'node:path';
import type { UndoStack } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import type { Manifest } from '../images/manifest.ts';
import type { Staging } from '../making/staging.ts';
import type { Warehouse } from '../warehouse.ts';
import { type ArchiveEntries, requireWithin } from './archive-entries.ts';
import { CONTENTS_MAX_BYTES, CONTENTS_NAME, entryName, validateContents } from './contents.ts';
import type { ArchiveOptions } from './export.ts';
import { ARCHIVE_LIMITS, type ArchiveLimits } from './limits.ts';
import { placeImage } from './place.ts';
import { requireConsistent, validateArchived } from './require-consistent.ts';
import { writeSparse } from './sparse-file.ts';

export interface ImportOptions extends ArchiveOptions {
  /**
   * Returns why this host cannot restore a suspended image; undefined when it can. An image that cannot be restored is
   * imported without its memory.
   */
  readonly restoreFault: (manifest: Manifest) => string | undefined;
  readonly limits?: ArchiveLimits;
}

/** An image that was read completely from an archive. */
export interface Arrival {
  readonly archived: Manifest;
  /** The staging folder with its files; undefined when the warehouse already had the image. */
  readonly staging: Staging | undefined;
  /** Why the image comes without its memory. */
  readonly diskOnly: string | undefined;
}

export interface ArrivalsDeps {
  readonly warehouse: Warehouse;
  readonly entries: ArchiveEntries;
  /** When it is unwound, the staging folders are discarded. */
  readonly undo: UndoStack;
}

export class Arrivals {
  readonly #warehouse: Warehouse;
  readonly #entries: ArchiveEntries;
  readonly #undo: UndoStack;
  readonly #options: ImportOptions;
  readonly #limits: ArchiveLimits;
  /** For each id in the archive, the id that the image would get here. */
  readonly #idsHere = new Map<string, string>();
  #totalBytes = 0;
  #dataBytes = 0;

  constructor({ warehouse, entries, undo }: ArrivalsDeps, options: ImportOptions) {
    this.#warehouse = warehouse;
    this.#entries = entries;
    this.#undo = undo;
    this.#options = options;
    this.#limits = options.limits ?? ARCHIVE_LIMITS;
  }

  /** Reads the images, each after those below it. */
  async read(): Promise<readonly Arrival[]> {
    const { images } = validateContents(await this.#entries.json(CONTENTS_NAME, CONTENTS_MAX_BYTES));
    requireWithin('images', images.length, this.#limits.images);
    const arrivals: Arrival[] = [];
    for (const id of images) arrivals.push(await this.#image(id));
    await this.#entries.end();
    return arrivals;
  }

  async #image(archivedId: string): Promise<Arrival> {
    const name = entryName(archivedId, 'manifest.json');
    const archived = validateArchived(await this.#entries.json(name, this.#limits.manifestBytes), archivedId);
    requireConsistent(archived, this.#idsHere);
    this.#totalBytes += archived.files.reduce((sum, { bytes }) => sum + bytes, 0);
    requireWithin('bytes', this.#totalBytes, this.#limits.totalBytes);
    const diskOnly = archived.memory ? this.#options.restoreFault(archived) : undefined;
    const place = placeImage({ archived, diskOnly }, this.#idsHere, await this.#warehouse.inventory.images());
    this.#idsHere.set(archivedId, place.draft.id);
    const staging = place.there ? undefined : await this.#stage(place.draft.id);
    for (const file of archived.files) await this.#file(archived, file, staging);
    return { archived, staging, diskOnly };
  }

  async #stage(id: string): Promise<Staging> {
    const staging = await this.#warehouse.claims.stage(id);
    this.#undo.push('staging', () => staging.discard());
    return staging;
  }

  async #file({ id }: Manifest, file: Manifest['files'][number], staging: Staging | undefined): Promise<void> {
    const name = entryName(id, file.file);
    const entry = await this.#entries.expect(name, file.bytes);
    this.#options.onFile?.(name, 'started');
    const content = this.#entries.content(entry);
    if (staging) await this.#write({ path: join(staging.directory, file.file), name, imageId: id }, file, content);
    else for await (const _ of content);
    this.#options.onFile?.(name, 'done');
  }

  async #write(
    { path, name, imageId }: { readonly path: string; readonly name: string; readonly imageId: string },
    { bytes, sha256 }: Manifest['files'][number],
    content: AsyncGenerator<Buffer>,
  ): Promise<void> {
    const before = this.#dataBytes;
    const allow = (dataBytes: number) => this.#allow(before + dataBytes);
    const written = await writeSparse({ path, bytes }, content, allow);
    this.#dataBytes += written.dataBytes;
    if (written.sha256 === sha256) return;
    throw new GridError('IMAGE_CORRUPT', `${name} has another SHA-256 than its manifest says`, { imageId, file: name });
  }

  /** Refuses images that would not even fit into an empty warehouse, before they are written. */
  #allow(dataBytes: number): void {
    requireWithin('bytes of data', dataBytes, this.#limits.dataBytes);
    const { quotaBytes } = this.#warehouse;
    if (quotaBytes === undefined || dataBytes <= quotaBytes) return;
    const [neededMiB, limitMiB] = [dataBytes, quotaBytes].map((bytes) => Math.ceil(bytes / 1_048_576));
    const message = `the images of the archive need ${neededMiB} MiB and more; the warehouse may take ${limitMiB} MiB`;
    throw new GridError('WAREHOUSE_FULL', message, { neededMiB, limitMiB });
  }
}
