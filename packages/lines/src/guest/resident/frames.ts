/**
 * Frames: what host and guest send each other over the channel of the resident agent. The guest's half is
 * agent/src/channel/frames.c. Pure.
 */

const MAGIC = Buffer.from('vmga');
const HEADER_BYTES = 16;
/** Longest content of a frame. */
export const MAX_CONTENT_BYTES = 65_536;

/** What the host asks. */
export const ASK = { hello: 1, identity: 2, run: 3, end: 4, prepare: 5 } as const;
/** What the guest tells. */
export const TELL = {
  hello: 129,
  identity: 130,
  settled: 131,
  output: 132,
  exit: 133,
  refused: 134,
  warning: 135,
} as const;

export interface Frame {
  readonly id: number;
  readonly type: number;
  readonly content: Buffer;
}

/** @throws RangeError when the content is longer than a frame's may be */
export function encodeFrame({ id, type, content }: Frame): Buffer {
  if (content.length > MAX_CONTENT_BYTES) {
    throw new RangeError(`a frame has at most ${MAX_CONTENT_BYTES} bytes, not ${content.length}`);
  }
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  for (const [at, number] of [content.length, id, type].entries()) header.writeUInt32LE(number, 4 + 4 * at);
  return Buffer.concat([header, content]);
}

/** Returns content that is made of fields, each with its length before it. */
export function encodeFields(fields: readonly (string | Buffer)[]): Buffer {
  const pieces = fields.flatMap((field) => {
    const bytes = Buffer.from(field as string);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    return [length, bytes];
  });
  return Buffer.concat(pieces);
}

/** Bytes after which a guest that waits for the rest of a frame of an earlier host has it, and takes a new one. */
export const FILL = Buffer.alloc(HEADER_BYTES + MAX_CONTENT_BYTES);

/**
 * Takes frames out of a stream of bytes. The guest is not trusted: where no frame begins, bytes are dropped until one
 * does; what is kept is never longer than one frame.
 */
export class FrameReader {
  #held: Buffer = Buffer.alloc(0);

  /** Returns the frames that are complete with these bytes. */
  read(chunk: Buffer): Frame[] {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const frames: Frame[] = [];
    for (let frame = this.#next(); frame; frame = this.#next()) frames.push(frame);
    return frames;
  }

  /** Forgets what is no whole frame: the rest of it will not come. */
  forget(): void {
    this.#held = Buffer.alloc(0);
  }

  #next(): Frame | undefined {
    this.#skip();
    if (this.#held.length < HEADER_BYTES) return undefined;
    const end = HEADER_BYTES + this.#held.readUInt32LE(4);
    if (this.#held.length < end) return undefined;
    const content = this.#held.subarray(HEADER_BYTES, end);
    const frame = { id: this.#held.readUInt32LE(8), type: this.#held.readUInt32LE(12), content };
    this.#held = this.#held.subarray(end);
    return frame;
  }

  /** Drops what is before the next header. */
  #skip(): void {
    for (;;) {
      const at = this.#held.indexOf(MAGIC);
      if (at < 0) {
        // The end may be the beginning of one.
        this.#held = this.#held.subarray(Math.max(0, this.#held.length - MAGIC.length + 1));
        return;
      }
      this.#held = this.#held.subarray(at);
      if (this.#held.length < HEADER_BYTES || this.#held.readUInt32LE(4) <= MAX_CONTENT_BYTES) return;
      this.#held = this.#held.subarray(1);
    }
  }
}
