/**
 * The events of a run, line by line: the digest of all lines tells two runs apart, and the last lines are kept for
 * people.
 */
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

  /** Returns the last lines that contain any of these words; without words, all of the last lines. */
  last(...words: readonly string[]): readonly string[] {
    const spoken =
      words.length === 0 ? this.#lines : this.#lines.filter((line) => words.some((word) => line.includes(word)));
    return spoken.slice(-this.#kept);
  }

  /** Returns the digest of all lines so far, in hexadecimal. */
  digest(): string {
    return this.#hash.copy().digest('hex');
  }
}
