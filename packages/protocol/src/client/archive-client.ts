/** Transfers archives of images to and from a plant's endpoint, as streams. */

import { once } from 'node:events';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { GridError } from '../errors/grid-error.ts';
import { CLIENT_LIMITS } from '../limits.ts';
import { ImportImagesReply } from '../schema/images.ts';
import { type ConnectionOptions, HttpExchange } from './http-exchange.ts';

export interface TransferOptions {
  readonly signal?: AbortSignal;
  /** Called with the number of bytes so far. */
  readonly onBytes?: (bytes: number) => void;
}

export interface UploadOptions extends TransferOptions {
  /** The request id under which the plant reports progress. */
  readonly requestId: string;
  /** SHA-256 of all bytes, in base64. The plant rejects an archive with another digest. */
  readonly sha256?: string;
  /** Also imports the memory of images that the plant's host cannot restore. */
  readonly keepMemory?: boolean;
}

/** Throws the same errors as `ShopClient`. */
export class ArchiveClient {
  readonly #http: HttpExchange;

  constructor(url: string, options: ConnectionOptions = {}) {
    this.#http = new HttpExchange(url, options);
  }

  /**
   * Writes the archive of an image and of all images below it to a sink, and verifies it; returns the number of bytes.
   * @throws GridError ARCHIVE_INVALID when the archive is incomplete or damaged
   */
  download(idOrTag: string, sink: Writable, { signal, onBytes }: TransferOptions = {}): Promise<number> {
    const call = { deadlineMs: CLIENT_LIMITS.transferMs, ...(signal ? { signal } : {}) };
    return this.#http.within(call, (until) => this.#receive(idOrTag, { sink, onBytes }, until));
  }

  async #receive(
    idOrTag: string,
    { sink, onBytes }: { readonly sink: Writable; readonly onBytes: TransferOptions['onBytes'] },
    deadline: AbortSignal,
  ): Promise<number> {
    const path = `/v1/images/${encodeURIComponent(idOrTag)}/archive`;
    const response = await this.#http.open({ method: 'GET', path, headers: { accept: '*/*' } }, deadline);
    let bytes = 0;
    const check = createZstdDecompress();
    check.resume();
    const checked = new Promise<void>((resolve, reject) => check.once('end', resolve).once('error', reject));
    checked.catch(() => undefined); // heard of below
    async function* counted(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      for await (const chunk of chunks) {
        bytes += chunk.length;
        onBytes?.(bytes);
        if (check.errored) throw check.errored;
        if (!check.write(chunk)) await once(check, 'drain', { signal: deadline });
        yield chunk;
      }
    }
    try {
      await pipeline(Readable.fromWeb(response.body! as never), counted, sink, { signal: deadline });
      check.end();
      await checked;
      return bytes;
    } catch (thrown) {
      if (deadline.aborted) throw this.#http.failure(thrown, deadline);
      const message = `the archive of ${idOrTag} broke off or is damaged after ${bytes} bytes`;
      throw new GridError('ARCHIVE_INVALID', message, { bytes }, { cause: thrown });
    } finally {
      check.destroy();
    }
  }

  /** Sends an archive, as fast as the plant accepts it, for import into the plant's warehouse. */
  async upload(source: AsyncIterable<Uint8Array>, options: UploadOptions): Promise<ImportImagesReply> {
    const { requestId, sha256, keepMemory, onBytes } = options;
    let bytes = 0;
    async function* counted(): AsyncGenerator<Uint8Array> {
      for await (const chunk of source) {
        bytes += chunk.length;
        onBytes?.(bytes);
        yield chunk;
      }
    }
    const headers = {
      'content-type': 'application/zstd',
      'idempotency-key': requestId,
      ...(sha256 === undefined ? {} : { 'repr-digest': `sha-256=:${sha256}:` }),
    };
    const path = `/v1/images/archive${keepMemory ? '?keepMemory=true' : ''}`;
    const body = Readable.toWeb(Readable.from(counted())) as ReadableStream<Uint8Array>;
    const call = { deadlineMs: CLIENT_LIMITS.transferMs, ...(options.signal ? { signal: options.signal } : {}) };
    return this.#http.json({ method: 'POST', path, headers, body }, ImportImagesReply, call);
  }
}
