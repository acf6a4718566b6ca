/** A worker that reads documents, with limits on memory and time. */
import { Worker } from 'node:worker_threads';
import { GridError } from '@vmgrid/protocol';
import type { IncomingDocument } from './decode-document.ts';
import type { DecodedDocument } from './document-worker.ts';

export interface ReaderLimits {
  /** Memory of a worker while it decodes a document. */
  readonly memoryMiB: number;
  /** Milliseconds for one document. */
  readonly readMs: number;
}

const PROGRAM = new URL('./document-worker.ts', import.meta.url);

export class DocumentReader {
  readonly #limits: ReaderLimits;
  readonly #worker: Worker;
  #hasEnded = false;

  constructor(limits: ReaderLimits) {
    this.#limits = limits;
    this.#worker = new Worker(PROGRAM, { resourceLimits: { maxOldGenerationSizeMb: limits.memoryMiB } });
    this.#worker.on('error', () => undefined); // whoever waits for a document is told
    this.#worker.once('exit', () => {
      this.#hasEnded = true;
    });
    this.#worker.unref();
  }

  /** Whether the worker has ended. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /**
   * Returns the decoded document. One at a time. @throws GridError what `decodeDocument` throws; BODY_TOO_LARGE past a
   * limit
   */
  async read(document: IncomingDocument): Promise<unknown> {
    const answer = await this.#answerTo(document);
    if ('error' in answer) throw GridError.fromBody(answer.error);
    return answer.value;
  }

  #answerTo(document: IncomingDocument): Promise<DecodedDocument> {
    const { memoryMiB, readMs } = this.#limits;
    const { promise, resolve, reject } = Promise.withResolvers<DecodedDocument>();
    const end = (what: string, limit: number) =>
      reject(new GridError('BODY_TOO_LARGE', `the document took more than ${limit} ${what} to read`, { what, limit }));
    const failed = (cause: Error & { readonly code?: string }) => {
      this.#hasEnded = true;
      if (cause.code === 'ERR_WORKER_OUT_OF_MEMORY') end('MiB of memory', memoryMiB);
      else reject(GridError.from(cause));
    };
    const timer = setTimeout(() => {
      this.#hasEnded = true;
      end('ms', readMs);
      void this.#worker.terminate();
    }, readMs);
    const worker = this.#worker.once('message', resolve).once('error', failed);
    worker.ref();
    worker.postMessage(document);
    return promise.finally(() => {
      clearTimeout(timer);
      worker.off('message', resolve).off('error', failed);
      worker.unref();
    });
  }
}
