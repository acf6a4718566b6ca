/** Uploaded files over the HTTP endpoint of a shop. */
import { Readable } from 'node:stream';
import { CLIENT_LIMITS } from '../limits.ts';
import { FileListReply, FileReply } from '../schema/files.ts';
import type { TransferOptions } from './archive-client.ts';
import { type ClientCallOptions, type ConnectionOptions, HttpExchange } from './http-exchange.ts';
import { listPages } from './list-pages.ts';

/** Throws as `ShopClient` does. */
export class FileClient {
  readonly #http: HttpExchange;

  constructor(url: string, options: ConnectionOptions = {}) {
    this.#http = new HttpExchange(url, options);
  }

  /** Sends a content as fast as the shop takes it. `sha256`: of all bytes, in base64; the shop takes nothing else. */
  put(
    source: AsyncIterable<Uint8Array>,
    { sha256, signal, onBytes }: TransferOptions & { readonly sha256?: string } = {},
  ): Promise<FileReply> {
    let bytes = 0;
    async function* counted(): AsyncGenerator<Uint8Array> {
      for await (const chunk of source) {
        bytes += chunk.length;
        onBytes?.(bytes);
        yield chunk;
      }
    }
    const headers = {
      'content-type': 'application/octet-stream',
      ...(sha256 === undefined ? {} : { 'repr-digest': `sha-256=:${sha256}:` }),
    };
    const body = Readable.toWeb(Readable.from(counted())) as ReadableStream<Uint8Array>;
    const call = { deadlineMs: CLIENT_LIMITS.transferMs, ...(signal ? { signal } : {}) };
    return this.#http.json({ method: 'PUT', path: '/v1/files', headers, body }, FileReply, call);
  }

  list(options?: ClientCallOptions): Promise<FileListReply> {
    return listPages(this.#http, { path: '/v1/files', member: 'files', reply: FileListReply }, { options });
  }

  async remove(contentDigest: string, options?: ClientCallOptions): Promise<void> {
    await this.#http.send({ method: 'DELETE', path: `/v1/files/${encodeURIComponent(contentDigest)}` }, options);
  }
}
