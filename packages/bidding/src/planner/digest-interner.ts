/** Gives digests small numbers, so that histories compare as numbers. A digest is dropped after its last use. */
export class DigestInterner {
  readonly #words = new Map<string, { readonly number: number; uses: number }>();
  readonly #free: number[] = [];

  numberOf(digest: string): number | undefined {
    return this.#words.get(digest)?.number;
  }

  acquire(digest: string): number {
    const known = this.#words.get(digest);
    if (known) {
      known.uses++;
      return known.number;
    }
    const number = this.#free.pop() ?? this.#words.size;
    this.#words.set(digest, { number, uses: 1 });
    return number;
  }

  release(digest: string): void {
    const word = this.#words.get(digest);
    if (!word) throw new Error(`the digest ${digest} is not in use`);
    if (--word.uses > 0) return;
    this.#words.delete(digest);
    this.#free.push(word.number);
  }
}
