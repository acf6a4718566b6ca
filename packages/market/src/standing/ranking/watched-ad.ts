import type { Ad } from '@vmgrid/classad';

/** An ad that remembers what was looked at in it. */
export class WatchedAd implements Ad {
  readonly #ad: Ad;
  readonly #names = new Set<string>();
  #isSeenWhole = false;

  constructor(ad: Ad) {
    this.#ad = ad;
  }

  /** Names that were asked for, as they were written, those of no attribute too; undefined when all were seen. */
  get namesRead(): readonly string[] | undefined {
    return this.#isSeenWhole ? undefined : [...this.#names];
  }

  get size(): number {
    return this.#whole().size;
  }

  has(name: string): boolean {
    this.#names.add(name);
    return this.#ad.has(name);
  }

  get(name: string): ReturnType<Ad['get']> {
    this.#names.add(name);
    return this.#ad.get(name);
  }

  names(): string[] {
    return this.#whole().names();
  }

  entries(): ReturnType<Ad['entries']> {
    return this.#whole().entries();
  }

  toString(): string {
    return this.#whole().toString();
  }

  #whole(): Ad {
    this.#isSeenWhole = true;
    return this.#ad;
  }
}
