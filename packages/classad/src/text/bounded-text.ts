import { LimitExceeded, maxSyntaxDepth } from '../limits.ts';

/** How deep JSON and XML may nest around the deepest expressions that the parser makes. */
const maxDepth = 2 * maxSyntaxDepth + 100;

/** Text built piece by piece that refuses to grow past its limit: printing a value inside an evaluation is bounded. */
export class BoundedText {
  readonly #limit: number;
  #pieces: string[] = [];
  #length = 0;
  #depth = 0;

  constructor(limit = Number.POSITIVE_INFINITY) {
    this.#limit = limit;
  }

  add(piece: string): this {
    this.#length += piece.length;
    if (this.#length > this.#limit) {
      throw new LimitExceeded(`string longer than ${this.#limit}`);
    }
    this.#pieces.push(piece);
    return this;
  }

  /** Writes one level deeper. A program can nest ads more deeply than any text; that is refused. */
  inside(write: () => BoundedText): BoundedText {
    this.#depth += 1;
    if (this.#depth > maxDepth) {
      throw new LimitExceeded(`value nested more than ${maxDepth} deep`);
    }
    write();
    this.#depth -= 1;
    return this;
  }

  toString(): string {
    return this.#pieces.join('');
  }
}
