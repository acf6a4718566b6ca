/** Brings plants the uploaded files that a request names: what is not there is sent, piece by piece. */
import { type FileHandle, open } from 'node:fs/promises';
import { abortable, InFlight } from '@vmgrid/daemon';
import { beforeAsking, plantNeverAsked } from '@vmgrid/market';
import { type Bidder, FILE_PIECE_BYTES, type FilePiece, GridError } from '@vmgrid/protocol';
import type { FileStore } from './file-store.ts';

/** How long a plant may take for one piece. */
const PIECE_DEADLINE_MS = 60_000;

export interface FileSenderDeps {
  readonly store: Pick<FileStore, 'content'>;
  readonly find: (plantId: string) => Bidder | undefined;
}

export class FileSender {
  readonly #deps: FileSenderDeps;
  readonly #inFlight = new InFlight();

  constructor(deps: FileSenderDeps) {
    this.#deps = deps;
  }

  /**
   * Resolves when the plant has them all. @throws GridError FILE_UNKNOWN when they are not here; with `asked: false`
   * what the plant says or does wrong, and PLANT_LOST
   */
  async send(plantId: string, contentDigests: readonly string[], signal: AbortSignal): Promise<void> {
    for (const contentDigest of contentDigests) {
      const sending = this.#inFlight.join(`${plantId} ${contentDigest}`, () => this.#send(plantId, contentDigest));
      await abortable(sending, signal);
    }
  }

  async #send(plantId: string, contentDigest: string): Promise<void> {
    const content = this.#deps.store.content(contentDigest);
    const file = await open(content.path).catch(() => {
      throw new GridError('FILE_UNKNOWN', `the file ${contentDigest} is gone`, { contentDigest });
    });
    try {
      await this.#sendPieces(plantId, { contentDigest, bytes: content.bytes }, file);
    } finally {
      await file.close();
    }
  }

  async #sendPieces(
    plantId: string,
    { contentDigest, bytes }: Pick<FilePiece, 'contentDigest' | 'bytes'>,
    file: FileHandle,
  ): Promise<void> {
    let there = await this.#piece(plantId, { contentDigest, bytes, offset: 0, data: '' });
    while (there < bytes) {
      const buffer = Buffer.alloc(Math.min(FILE_PIECE_BYTES, bytes - there));
      await file.read(buffer, 0, buffer.length, there);
      const data = buffer.toString('base64');
      const after = await this.#piece(plantId, { contentDigest, bytes, offset: there, data });
      if (after <= there) {
        const message = `${plantId} has ${after} bytes of a file after it had ${there}`;
        throw beforeAsking(new GridError('LINK_PROTOCOL', message, { plantId }));
      }
      there = after;
    }
  }

  /** By the best way there is now; resolves with how much of the file the plant has. */
  async #piece(plantId: string, piece: FilePiece): Promise<number> {
    const bidder = this.#deps.find(plantId);
    if (!bidder) throw plantNeverAsked(plantId);
    try {
      return (await bidder.call('putFile', piece, { deadlineMs: PIECE_DEADLINE_MS })).bytes;
    } catch (thrown) {
      const error = GridError.from(thrown);
      const isLost = error.code === 'PLANT_LOST' || error.code === 'DEADLINE_EXCEEDED';
      throw isLost ? plantNeverAsked(plantId) : beforeAsking(error);
    }
  }
}
