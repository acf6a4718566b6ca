import { GridError } from '@vmgrid/protocol';
import { BLOCK_BYTES, entryOf, paddingOf, type TarEntry } from './ustar.ts';

/** tar fills its last record up to this size. */
const PADDING_BYTES = 10_240;

/**
 * Splits a stream of bytes into pieces of the requested sizes. @throws GridError ARCHIVE_INVALID when the stream ends
 * too early
 */
export class ByteSource {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: AsyncIterable<Buffer>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** Reads the next entry of the tar file; undefined at its end. */
  async entry(): Promise<TarEntry | undefined> {
    return entryOf(await this.take(BLOCK_BYTES));
  }

  /** Returns exactly this many bytes in one buffer; for small content. */
  async take(bytes: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for await (const piece of this.pieces(bytes)) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  /** Yields the content of an entry. After the last piece the padding is read too. */
  async *content({ bytes }: TarEntry): AsyncGenerator<Buffer> {
    yield* this.pieces(bytes);
    await this.take(paddingOf(bytes));
  }

  /** Reads the padding at the end. @throws GridError ARCHIVE_INVALID when more follows */
  async end(): Promise<void> {
    let bytes = this.#rest.length;
    for (let next = await this.#read(); !next.done; next = await this.#read()) {
      bytes += next.value.length;
      if (bytes > PADDING_BYTES) break;
    }
    if (bytes > PADDING_BYTES) throw new GridError('ARCHIVE_INVALID', `the archive has data after its end`);
  }

  async *pieces(bytes: number): AsyncGenerator<Buffer> {
    for (let left = bytes; left > 0; ) {
      if (this.#rest.length === 0) this.#rest = await this.#next();
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  async #next(): Promise<Buffer> {
    const { done, value } = await this.#read();
    if (done) throw new GridError('ARCHIVE_INVALID', 'the archive ends too early');
    return value;
  }

  #read(): Promise<IteratorResult<Buffer>> {
    return this.#chunks.next().catch((cause: Error) => {
      if (cause instanceof GridError) throw cause;
      throw new GridError('ARCHIVE_INVALID', `the archive cannot be read: ${cause.message}`, {}, { cause });
    });
  }
}
