/**
 * Reads the documents of an endpoint: small ones at once; large ones, and what is wrong with small ones, in workers, so
 * that nobody else waits for them. Owners take turns.
 */
import { setImmediate } from 'node:timers/promises';
import { GridError, Untold } from '@vmgrid/protocol';
import { type Revalidate, refusalOf } from '../access/revalidate.ts';
import { decodeDocument, type IncomingDocument } from './decode-document.ts';
import { DocumentReader } from './document-reader.ts';

export const DOCUMENT_LIMITS = {
  /** Documents of at most this many bytes are read at once, unless they are found wrong. */
  smallBytes: 16_384,
  /** Number of workers; they are kept. */
  readers: 2,
  memoryMiB: 256,
  readMs: 30_000,
  /** Documents of one owner that may wait for a worker. */
  waitingOfOwner: 16,
} as const;

export type DocumentLimits = { readonly [Name in keyof typeof DOCUMENT_LIMITS]: number };

/** Whose a document is. */
export interface DocumentClient {
  readonly owner: string;
  /** Looked at once a document was read that had to wait. Left out: its client needs none. */
  readonly revalidate?: Revalidate | undefined;
}

interface Waiting {
  readonly document: IncomingDocument;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export class DocumentService {
  readonly #limits: DocumentLimits;
  /** Waiting documents by owner. The owner who was served last comes last. */
  readonly #waiting = new Map<string, Waiting[]>();
  readonly #idle: DocumentReader[] = [];
  #busy = 0;

  constructor(limits: DocumentLimits = DOCUMENT_LIMITS) {
    this.#limits = limits;
  }

  /**
   * Returns what `decodeDocument` makes of a document of this client.
   * @throws GridError as `decodeDocument`; also BODY_TOO_LARGE past the limits of memory and time, OVERLOADED when too
   * many documents of the owner wait, UNAUTHENTICATED when the client's credentials hold no longer by then
   */
  async read(document: IncomingDocument, client: DocumentClient): Promise<unknown> {
    const read = document.bytes.length <= this.#limits.smallBytes ? readAtOnce(document) : undefined;
    return read ? read.value : await this.#readInWorker(document, client);
  }

  async #readInWorker(document: IncomingDocument, { owner, revalidate }: DocumentClient): Promise<unknown> {
    const { waitingOfOwner } = this.#limits;
    const waiting = this.#waiting.get(owner) ?? [];
    if (waiting.length >= waitingOfOwner) {
      const message = `${waiting.length} documents of ${owner} wait to be read, the limit is ${waitingOfOwner}`;
      throw new GridError('OVERLOADED', message, { owner, waiting: waiting.length, limit: waitingOfOwner });
    }
    const { promise, resolve, reject } = Promise.withResolvers();
    this.#waiting.set(owner, [...waiting, { document, resolve, reject }]);
    this.#next();
    const read = await promise;
    await setImmediate(); // to take over a large one has taken as long as a step may
    const refusal = revalidate && (await refusalOf(revalidate));
    if (refusal) throw refusal;
    return read;
  }

  #next(): void {
    const [owner, waiting] = this.#waiting.entries().next().value ?? [];
    if (owner === undefined || this.#busy >= this.#limits.readers) return;
    const [first, ...others] = waiting!;
    this.#waiting.delete(owner);
    if (others.length > 0) this.#waiting.set(owner, others);
    void this.#serve(first!);
  }

  async #serve({ document, resolve, reject }: Waiting): Promise<void> {
    this.#busy += 1;
    try {
      const reader = this.#idleReader() ?? new DocumentReader(this.#limits);
      await reader.read(document).then(resolve, reject);
      this.#idle.push(reader);
    } catch (error) {
      reject(error); // the host has no thread for a worker
    }
    this.#busy -= 1;
    this.#next();
  }

  /** An idle worker may have ended meanwhile. */
  #idleReader(): DocumentReader | undefined {
    let reader = this.#idle.pop();
    while (reader?.hasEnded) reader = this.#idle.pop();
    return reader;
  }
}

/** Returns nothing where a worker is to look: to find and tell what is wrong with a document takes long. */
function readAtOnce(document: IncomingDocument): { readonly value: unknown } | undefined {
  try {
    return { value: decodeDocument(document, { untold: true }) };
  } catch (error) {
    if (error instanceof Untold) return undefined;
    throw error;
  }
}

/** The service for all endpoints of the process. */
export const documents = new DocumentService();
