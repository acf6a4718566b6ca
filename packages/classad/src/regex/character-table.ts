/** A test of code points that remembers its answers for ASCII, which nearly all text is. */
export class CharacterTable {
  readonly #test: (code: number) => boolean;
  /** 0: not asked yet; 1: no; 2: yes. */
  readonly #answers = new Uint8Array(128);

  constructor(test: (code: number) => boolean) {
    this.#test = test;
  }

  has(code: number): boolean {
    const known = this.#answers[code] ?? 0;
    if (known !== 0) {
      return known === 2;
    }
    const answer = this.#test(code);
    // A write past the end of the array is dropped.
    this.#answers[code] = answer ? 2 : 1;
    return answer;
  }
}
