import { LimitExceeded } from './limits.ts';

/** Text built piece by piece that refuses to grow past its limit, so that printing a value inside an evaluation is bounded. */
export class BoundedText {
  readonly #limit: number;
  #pieces: string[] = [];
  #length = 0;

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

  toString(): string {
    return this.#pieces.join('');
  }
}
