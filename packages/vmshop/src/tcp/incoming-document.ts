/** Reads what a client of the TCP endpoint sends: first who it is, then its document. It knows nothing of sockets. */
import { type BodyLimit, bodyLimitOf, bodyTooLong } from '@vmgrid/http-api';
import { readOpening } from './token-line.ts';

export interface IncomingOptions<Who> {
  readonly admit: (token: string | undefined) => Who | Promise<Who>;
  /** How long a document of this client may be. */
  readonly limitOf: (who: Who) => BodyLimit;
  /** Told, before the document has come, why it will not be taken. */
  readonly refuse: (error: unknown) => void;
}

export class IncomingDocument<Who> {
  readonly #options: IncomingOptions<Who>;
  readonly #chunks: Buffer[] = [];
  #who: Promise<Who> | undefined;
  #limit = bodyLimitOf(undefined, undefined);
  #bytes = 0;

  constructor(options: IncomingOptions<Who>) {
    this.#options = options;
  }

  /** The number of bytes of the document that have come. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Tells whether the opening is over: the client has said who it is, or has begun without saying it. */
  get isOpened(): boolean {
    return this.#who !== undefined;
  }

  add(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#limit.bytes) {
      this.#options.refuse(bodyTooLong(this.#limit, this.#bytes));
      return;
    }
    this.#chunks.push(chunk);
    if (this.#who === undefined) this.#open(this.#joined());
  }

  async end(): Promise<{ readonly who: Who; readonly document: Buffer }> {
    const who = await (this.#who ?? this.#admit(undefined));
    return { who, document: Buffer.concat(this.#chunks) };
  }

  /** Joins all that has come into one piece, since a client may send a byte at a time. */
  #joined(): Buffer {
    const joined = Buffer.concat(this.#chunks);
    this.#chunks.splice(0, this.#chunks.length, joined);
    return joined;
  }

  #open(soFar: Buffer): void {
    const opening = readOpening(soFar);
    if (opening.kind === 'incomplete') return;
    if (opening.kind === 'token') {
      this.#bytes -= opening.documentStart;
      this.#chunks.splice(0, this.#chunks.length, soFar.subarray(opening.documentStart));
    }
    this.#who = this.#admit(opening.kind === 'token' ? opening.token : undefined);
    this.#who.catch(this.#options.refuse);
  }

  /** @throws GridError as `admit` does; QUOTA_BODY when what has come meanwhile is more than this client may send */
  async #admit(token: string | undefined): Promise<Who> {
    const who = await this.#options.admit(token);
    this.#limit = this.#options.limitOf(who);
    if (this.#bytes > this.#limit.bytes) throw bodyTooLong(this.#limit, this.#bytes);
    return who;
  }
}
