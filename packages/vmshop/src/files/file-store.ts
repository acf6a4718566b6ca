/**
 * The files that clients uploaded: contents by their digest, each once on the disk, and who uploaded them. A digest
 * alone gives nobody a content: an owner has what it has sent itself.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { openOwnDatabase } from '@vmgrid/daemon';
import { type FileReply, GridError } from '@vmgrid/protocol';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS files (
    owner TEXT NOT NULL,
    digest TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    used_at INTEGER NOT NULL, -- milliseconds since the epoch
    PRIMARY KEY (owner, digest)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS files_by_digest ON files (digest);
`;
const MIB = 1_048_576;
/** Uploads at the same time: all, and those of one owner, who may send slowly. */
const MOST_UPLOADS = 16;
const MOST_OF_OWNER = 4;
/** Files of one owner. */
const MOST_FILES = 10_000;

export interface FileStoreOptions {
  readonly directory: string;
  readonly clock: { now(): number };
  /** Largest file, and all files together. */
  readonly fileMiB: number;
  readonly filesMiB: number;
  /** How long a file stays that no request names: until somebody uploads or lists files then. */
  readonly keptMs: number;
  /** The most that an owner's files may take together; undefined: no limit. */
  readonly ownerMiB: (owner: string) => number | undefined;
}

export interface Upload {
  readonly owner: string;
  readonly body: AsyncIterable<Uint8Array>;
  /** The digest that the client announced. */
  readonly expected?: string | undefined;
  /** How long it is said to be. */
  readonly bytes?: number | undefined;
}

export interface StoredContent {
  readonly path: string;
  readonly bytes: number;
}

interface UnderWay {
  readonly owner: string;
  /** That have come so far. */
  bytes: number;
}

export class FileStore {
  readonly #options: FileStoreOptions;
  readonly #database: DatabaseSync;
  /** The uploads that are under way. */
  readonly #uploads = new Set<UnderWay>();

  /** @throws GridError STATE_LOCKED when another shop has the files */
  constructor(options: FileStoreOptions) {
    this.#options = options;
    const { directory } = options;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const file = join(directory, 'files.sqlite');
    this.#database = openOwnDatabase(file, {
      schema: SCHEMA,
      inUse: (cause) => new GridError('STATE_LOCKED', `${file} is in use by another shop`, { file }, { cause }),
    });
    this.#sweep();
  }

  /**
   * Takes in a content of an owner. One that it has already is the same file. @throws GridError FILE_TOO_LARGE,
   * FILE_CORRUPT, QUOTA_FILES, OVERLOADED; what the body throws; nothing is left then
   */
  async put(upload: Upload): Promise<{ readonly file: FileReply; readonly isNew: boolean }> {
    this.#collect();
    this.#requireTurn(upload.owner);
    const underWay: UnderWay = { owner: upload.owner, bytes: 0 };
    this.#requireSize(upload.bytes ?? 0);
    const path = join(this.#options.directory, `incoming-${randomUUID()}`);
    this.#uploads.add(underWay);
    try {
      const contentDigest = await this.#receive(upload, path, underWay);
      const isNew = this.#row(upload.owner, contentDigest) === undefined;
      this.#keep(upload.owner, contentDigest, { path, bytes: underWay.bytes });
      return { file: this.#row(upload.owner, contentDigest)!, isNew };
    } finally {
      this.#uploads.delete(underWay);
      await rm(path, { force: true });
    }
  }

  /** Lists the files of one owner, or of all. */
  list(owner: string | undefined): readonly FileReply[] {
    this.#collect();
    const rows = this.#database
      .prepare('SELECT * FROM files WHERE owner = coalesce(?, owner) ORDER BY owner, digest')
      .all(owner ?? null);
    return rows.map(fileOf);
  }

  /** @throws GridError FILE_UNKNOWN */
  remove(owner: string, contentDigest: string): void {
    if (!this.#row(owner, contentDigest)) throw unknown(owner, contentDigest);
    this.#drop(owner, contentDigest);
  }

  /** That the owner has uploaded these; they are in use now. @throws GridError FILE_UNKNOWN */
  require(owner: string, contentDigests: readonly string[]): void {
    const missing = contentDigests.find((digest) => !this.#row(owner, digest));
    if (missing !== undefined) throw unknown(owner, missing);
    const touch = this.#database.prepare('UPDATE files SET used_at = ? WHERE owner = ? AND digest = ?');
    for (const digest of contentDigests) touch.run(this.#options.clock.now(), owner, digest);
  }

  /** @throws GridError FILE_UNKNOWN */
  content(contentDigest: string): StoredContent {
    const row = this.#database.prepare('SELECT bytes FROM files WHERE digest = ? LIMIT 1').get(contentDigest);
    if (!row) throw new GridError('FILE_UNKNOWN', `the file ${contentDigest} is gone`, { contentDigest });
    return { path: this.#pathOf(contentDigest), bytes: Number(row.bytes) };
  }

  close(): void {
    this.#database.close();
  }

  async #receive(upload: Upload, path: string, underWay: UnderWay): Promise<string> {
    const hash = createHash('sha256');
    const file = await open(path, 'wx', 0o600);
    try {
      let lookedAt = Number.NEGATIVE_INFINITY;
      for await (const chunk of upload.body) {
        underWay.bytes += chunk.length;
        this.#requireSize(underWay.bytes);
        if (underWay.bytes - lookedAt >= MIB) {
          this.#requireRoom(upload, underWay); // which looks at all files
          lookedAt = underWay.bytes;
        }
        hash.update(chunk);
        await file.writeFile(chunk);
      }
      this.#requireRoom(upload, underWay);
      await file.sync();
    } finally {
      await file.close();
    }
    const contentDigest = `sha256:${hash.digest('hex')}`;
    const { expected = contentDigest } = upload;
    if (expected === contentDigest) return contentDigest;
    const message = `the body has the digest ${contentDigest}, not ${expected}`;
    throw new GridError('FILE_CORRUPT', message, { contentDigest, expected });
  }

  /** In one go: meanwhile nobody else lets go of the same content. */
  #keep(owner: string, contentDigest: string, { path, bytes }: StoredContent): void {
    renameSync(path, this.#pathOf(contentDigest));
    try {
      this.#database
        .prepare('INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)')
        .run(owner, contentDigest, bytes, this.#options.clock.now());
    } finally {
      this.#removeUnheld(contentDigest);
    }
  }

  #requireTurn(owner: string): void {
    const coming = [...this.#uploads];
    const own = coming.filter((one) => one.owner === owner);
    const limits = [
      { whose: 'files', count: coming.length, limit: MOST_UPLOADS },
      { whose: `files of ${owner}`, count: own.length, limit: MOST_OF_OWNER },
    ];
    const over = limits.find(({ count, limit }) => count >= limit);
    if (!over) return;
    throw new GridError('OVERLOADED', `${over.count} ${over.whose} are on their way, the limit is ${over.limit}`);
  }

  #requireSize(bytes: number): void {
    const { fileMiB } = this.#options;
    if (bytes <= fileMiB * MIB) return;
    const message = `the file is longer than ${fileMiB} MiB`;
    throw new GridError('FILE_TOO_LARGE', message, { bytes, limitMiB: fileMiB });
  }

  /** A file that the owner already has takes no more room when it comes again. */
  #requireRoom({ owner, expected }: Upload, underWay: UnderWay): void {
    const known = expected === undefined ? undefined : this.#row(owner, expected);
    if (known && underWay.bytes <= known.bytes) return;
    const coming = [...this.#uploads];
    const own = coming.filter((one) => one.owner === owner);
    const { ownerMiB, filesMiB } = this.#options;
    const used = this.#database.prepare('SELECT count(*) AS files, sum(bytes) AS bytes FROM files WHERE owner = ?');
    const { files, bytes } = used.get(owner)!;
    const all = this.#database.prepare('SELECT sum(bytes) AS bytes FROM (SELECT DISTINCT digest, bytes FROM files)');
    const limits = [
      { whose: `the files of ${owner}`, wanted: sumOf(own, bytes), limitMiB: ownerMiB(owner) ?? filesMiB },
      { whose: 'the files of all owners', wanted: sumOf(coming, all.get()!.bytes), limitMiB: filesMiB },
    ];
    for (const { whose, wanted, limitMiB } of limits) {
      if (wanted <= limitMiB * MIB) continue;
      const message = `${whose} would take more than ${limitMiB} MiB`;
      throw new GridError('QUOTA_FILES', message, { owner, bytes: wanted, limitMiB });
    }
    if (Number(files) < MOST_FILES) return;
    throw new GridError('QUOTA_FILES', `${owner} has ${files} files, the limit is ${MOST_FILES}`, { owner, files });
  }

  #drop(owner: string, contentDigest: string): void {
    this.#database.prepare('DELETE FROM files WHERE owner = ? AND digest = ?').run(owner, contentDigest);
    this.#removeUnheld(contentDigest);
  }

  #removeUnheld(contentDigest: string): void {
    const isHeld = this.#database.prepare('SELECT 1 FROM files WHERE digest = ?').get(contentDigest);
    if (!isHeld) rmSync(this.#pathOf(contentDigest), { force: true });
  }

  #row(owner: string, contentDigest: string): FileReply | undefined {
    const row = this.#database.prepare('SELECT * FROM files WHERE owner = ? AND digest = ?').get(owner, contentDigest);
    return row && fileOf(row);
  }

  /** Removes what no request has named for long. */
  #collect(): void {
    const before = this.#options.clock.now() - this.#options.keptMs;
    const old = this.#database.prepare('SELECT * FROM files WHERE used_at < ?').all(before);
    for (const { owner, digest } of old) this.#drop(String(owner), String(digest));
  }

  /** Removes what an earlier process left: uploads that broke off, and contents that nobody has. */
  #sweep(): void {
    const { directory } = this.#options;
    const held = new Set(this.list(undefined).map((file) => nameOf(file.contentDigest)));
    const isContent = (name: string) => /^(incoming-.*|[0-9a-f]{64})$/.test(name);
    for (const name of readdirSync(directory)) {
      if (isContent(name) && !held.has(name)) rmSync(join(directory, name), { force: true });
    }
  }

  #pathOf(contentDigest: string): string {
    return join(this.#options.directory, nameOf(contentDigest));
  }
}

const nameOf = (contentDigest: string): string => contentDigest.slice('sha256:'.length);

const sumOf = (coming: readonly { readonly bytes: number }[], stored: unknown): number =>
  coming.reduce((sum, { bytes }) => sum + bytes, Number(stored ?? 0));

const fileOf = (row: Record<string, unknown>): FileReply => ({
  contentDigest: String(row.digest),
  bytes: Number(row.bytes),
  owner: String(row.owner),
  usedAt: new Date(Number(row.used_at)).toISOString(),
});

function unknown(owner: string, contentDigest: string): GridError {
  return new GridError('FILE_UNKNOWN', `${owner} has no file ${contentDigest} here`, { owner, contentDigest });
}
