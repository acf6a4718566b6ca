import { GridError } from '@vmgrid/protocol';
import type { ByteSource } from './byte-source.ts';
import type { TarEntry } from './ustar.ts';

/**
 * Reads the entries of an archive; each must be exactly the one that is expected next. Every refusal is
 * ARCHIVE_INVALID.
 */
export class ArchiveEntries {
  readonly #source: ByteSource;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** Reads the next entry, which must have this name, and this size when one is given. */
  async expect(name: string, bytes?: number): Promise<TarEntry> {
    const entry = await this.#source.entry();
    if (entry?.name !== name) throw unexpected(entry, name);
    if (bytes !== undefined && entry.bytes !== bytes) throw unexpected(entry, `${name} with ${bytes} bytes`);
    return entry;
  }

  content(entry: TarEntry): AsyncGenerator<Buffer> {
    return this.#source.content(entry);
  }

  /** Reads the document in the next entry, which must have this name. */
  async json(name: string, maxBytes: number): Promise<unknown> {
    const entry = await this.expect(name);
    requireWithin(`bytes in ${name}`, entry.bytes, maxBytes);
    const pieces: Buffer[] = [];
    for await (const piece of this.#source.content(entry)) pieces.push(piece);
    try {
      return JSON.parse(Buffer.concat(pieces).toString('utf8'));
    } catch (cause) {
      throw new GridError('ARCHIVE_INVALID', `${name} is no JSON`, { entry: name }, { cause });
    }
  }

  /** Reads to the end. Only the padding of tar may follow the last entry. */
  async end(): Promise<void> {
    const more = await this.#source.entry();
    if (more) throw unexpected(more, 'the end of the archive');
    await this.#source.end();
  }
}

/** @throws GridError ARCHIVE_INVALID (details: `actual`, `limit`) */
export function requireWithin(what: string, actual: number, limit: number): void {
  if (actual <= limit) return;
  throw new GridError('ARCHIVE_INVALID', `the archive has ${actual} ${what}, the limit is ${limit}`, { actual, limit });
}

function unexpected(entry: TarEntry | undefined, expected: string): GridError {
  const found = entry ? `${JSON.stringify(entry.name)} with ${entry.bytes} bytes` : 'its end';
  return new GridError('ARCHIVE_INVALID', `the archive has ${found} where ${expected} was expected`, {
    ...(entry ? { entry: entry.name } : {}),
  });
}
