/**
 * Decides which of very many keys are remembered (segmented LRU: Karedla, Love and Wherry 1994). Keys seen again have a
 * segment of their own, so that any number of keys that come once does not push them out.
 */
export interface SegmentLimits {
  /** Keys seen once, and keys that the other segment dropped. */
  readonly once: number;
  /** Keys seen again. */
  readonly again: number;
}

export class SegmentedLru {
  readonly #limits: SegmentLimits;
  /** In both sets, the key that was seen longest ago comes first. */
  readonly #once = new Set<string>();
  readonly #again = new Set<string>();

  constructor(limits: SegmentLimits) {
    this.#limits = limits;
  }

  /** Whether further keys may have been forgotten. */
  get isFull(): boolean {
    return this.#once.size >= this.#limits.once;
  }

  has(key: string): boolean {
    return this.#again.has(key) || this.#once.has(key);
  }

  /** Notes that the key was seen now. Returns the key that is forgotten in exchange, if there is one. */
  see(key: string, isAgain = this.has(key)): string | undefined {
    this.#once.delete(key);
    this.#again.delete(key);
    (isAgain ? this.#again : this.#once).add(key);
    if (this.#again.size > this.#limits.again) this.#once.add(removeOldest(this.#again));
    return this.#once.size > this.#limits.once ? removeOldest(this.#once) : undefined;
  }
}

function removeOldest(keys: Set<string>): string {
  const [oldest] = keys;
  keys.delete(oldest!);
  return oldest!;
}
