/**
 * The uploaded files that shops have brought to this plant, by their digest. A cache: the file that was used longest
 * ago makes room. What a VM needs at its end has a name of its own in the VM's folder; it counts here as long as the VM
 * is there.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { link, mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ignoreMissing, Semaphore } from '@vmgrid/daemon';
import type { FileOnDisk } from '@vmgrid/lines';
import { exhaustionOf, type FilePiece, type FileProgress, GridError } from '@vmgrid/protocol';

const MIB = 1_048_576;
/** Ends the name of a file that is not whole yet. */
const PART = '.part';
/** How long a file that is coming keeps its room after its last piece: longer than a shop waits for one. */
const COMING_MS = 120_000;
const NEVER = new AbortController().signal;

export interface UploadedFilesOptions {
  readonly directory: string;
  /** The most that they may take together. */
  readonly limitMiB: number;
}

interface CachedFile {
  readonly name: string;
  readonly bytes: number;
  readonly usedAt: number;
  /** More of it was brought a moment ago, or a VM needs it at its end: to remove it would free nothing. */
  readonly isStaying: boolean;
}

export class UploadedFiles {
  readonly #options: UploadedFilesOptions;
  /** Pieces are written one after the other, whichever shops bring them. */
  readonly #turns = new Semaphore(1);
  /** The sizes that incoming files will have, by their names. */
  readonly #coming = new Map<string, number>();

  constructor(options: UploadedFilesOptions) {
    this.#options = options;
  }

  /**
   * Takes in a piece, if it is the next; tells how much of the file is there. @throws GridError DISK_INSUFFICIENT,
   * FILE_CORRUPT when the bytes are not those of the digest (nothing is left of them)
   */
  put(piece: FilePiece): Promise<FileProgress> {
    return this.#turns.pass(() => this.#put(piece), NEVER);
  }

  /** Where a content lies: for a VM's end in its folder. @throws GridError FILE_UNKNOWN */
  async find(contentDigest: string, machineDirectory: string): Promise<FileOnDisk> {
    for (const path of [keptPath(machineDirectory, contentDigest), this.#pathOf(contentDigest)]) {
      const found = await stat(path).catch(ignoreMissing);
      if (found) return { path, bytes: found.size };
    }
    throw unknown(contentDigest);
  }

  /** Keeps contents for a machine, as long as its folder is there. @throws GridError FILE_UNKNOWN */
  async keep(contentDigests: readonly string[], machineDirectory: string): Promise<void> {
    for (const contentDigest of contentDigests) {
      await link(this.#pathOf(contentDigest), keptPath(machineDirectory, contentDigest)).catch((error) => {
        throw error.code === 'ENOENT' ? unknown(contentDigest) : error;
      });
    }
  }

  async #put({ contentDigest, bytes, offset, data }: FilePiece): Promise<FileProgress> {
    await mkdir(this.#options.directory, { recursive: true, mode: 0o700 });
    const path = this.#pathOf(contentDigest);
    const whole = await stat(path).catch(ignoreMissing);
    if (whole) {
      await utimes(path, new Date(), new Date());
      return { bytes: whole.size };
    }
    const part = path + PART;
    const there = (await stat(part).catch(ignoreMissing))?.size ?? 0;
    const content = Buffer.from(data, 'base64');
    const isNext = offset === there && there + content.length <= bytes && (content.length > 0 || bytes === 0);
    if (!isNext) return { bytes: there };
    await this.#makeRoom(nameOf(contentDigest) + PART, bytes);
    await this.#append(part, content);
    if (there + content.length === bytes) {
      this.#coming.delete(nameOf(contentDigest) + PART);
      await this.#finish(part, path, contentDigest);
    }
    return { bytes: there + content.length };
  }

  async #append(part: string, content: Buffer): Promise<void> {
    try {
      const file = await open(part, 'a', 0o600);
      try {
        await file.writeFile(content);
        await file.datasync();
      } finally {
        await file.close();
      }
    } catch (error) {
      await rm(part, { force: true });
      if (exhaustionOf(error) === undefined) throw error;
      throw new GridError(
        'DISK_INSUFFICIENT',
        'the disk of the plant has no room for an uploaded file',
        {},
        { cause: error },
      );
    }
  }

  async #finish(part: string, path: string, contentDigest: string): Promise<void> {
    const hash = createHash('sha256');
    await pipeline(createReadStream(part), hash);
    if (`sha256:${hash.digest('hex')}` === contentDigest) return rename(part, path);
    await rm(part, { force: true });
    throw new GridError('FILE_CORRUPT', `what came as ${contentDigest} has another digest`, { contentDigest });
  }

  /** Once for a file, which may come together with others. @throws GridError DISK_INSUFFICIENT */
  async #makeRoom(part: string, bytes: number): Promise<void> {
    if (this.#coming.get(part) === bytes) return;
    const { limitMiB, directory } = this.#options;
    const limit = limitMiB * MIB;
    const files = (await this.#files()).filter(({ name }) => name !== part);
    const staying = sumOf(files.filter(({ isStaying }) => isStaying));
    if (staying + bytes > limit) {
      const message =
        `a file of ${bytes} bytes has no room beside ${staying} bytes of files that come or that VMs need; ` +
        `the plant takes ${limitMiB} MiB of files`;
      throw new GridError('DISK_INSUFFICIENT', message, { wanted: staying + bytes, limit });
    }
    const others = files.filter(({ isStaying }) => !isStaying).toSorted((a, b) => a.usedAt - b.usedAt);
    let taken = sumOf(files);
    for (const { name, bytes: own } of others) {
      if (taken + bytes <= limit) break;
      await rm(join(directory, name), { force: true });
      this.#coming.delete(name);
      taken -= own;
    }
    this.#coming.set(part, bytes);
  }

  async #files(): Promise<readonly CachedFile[]> {
    const { directory } = this.#options;
    const names = await readdir(directory);
    return Promise.all(
      names.map(async (name) => {
        const { size, mtimeMs, nlink } = await stat(join(directory, name));
        const isComing = name.endsWith(PART) && Date.now() - mtimeMs < COMING_MS;
        const bytes = Math.max(size, this.#coming.get(name) ?? 0);
        return { name, bytes, usedAt: mtimeMs, isStaying: isComing || nlink > 1 };
      }),
    );
  }

  #pathOf(contentDigest: string): string {
    return join(this.#options.directory, nameOf(contentDigest));
  }
}

const nameOf = (contentDigest: string): string => contentDigest.slice('sha256:'.length);

const unknown = (contentDigest: string): GridError =>
  new GridError('FILE_UNKNOWN', `the file ${contentDigest} is not on this plant any more`, { contentDigest });

const sumOf = (files: readonly CachedFile[]): number => files.reduce((sum, { bytes }) => sum + bytes, 0);

const keptPath = (machineDirectory: string, contentDigest: string): string =>
  join(machineDirectory, `uploaded-${nameOf(contentDigest)}`);
