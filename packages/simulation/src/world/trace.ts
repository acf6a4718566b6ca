/** What happened, line by line: the digest of all lines tells two runs apart, the last ones are kept for people. */
import { createHash } from 'node:crypto';

export class Trace {
  readonly #hash = createHash('sha256');
  readonly #kept: number;
  #lines: string[] = [];
  #count = 0;

  constructor({ kept }: { readonly kept: number }) {
    this.#kept = kept;
  }

  /** `at`: milliseconds of virtual time. */
  note(at: number, what: string): void {
    const line = `${at.toFixed(3)} ${what}`;
    this.#hash.update(`${line}\n`);
    this.#count += 1;
    this.#lines.push(line);
    if (this.#lines.length > 2 * this.#kept) this.#lines = this.#lines.slice(-this.#kept);
  }

  get count(): number {
    return this.#count;
  }

  /** The last lines that speak of any of these words; all of the last ones when there is none. */
  last(...words: readonly string[]): readonly string[] {
    const spoken =
      words.length === 0 ? this.#lines : this.#lines.filter((line) => words.some((word) => line.includes(word)));
    return spoken.slice(-this.#kept);
  }

  /** Of all lines so far, in hexadecimal. */
  digest(): string {
    return this.#hash.copy().digest('hex');
  }
}
