import { partitionPoint } from '@vmgrid/dag';

/** Keeps the first few of many, in order, without sorting all. */
export class Nearest<T> {
  readonly #limit: number;
  readonly #compare: (a: T, b: T) => number;
  readonly #kept: T[] = [];

  constructor(limit: number, compare: (a: T, b: T) => number) {
    this.#limit = limit;
    this.#compare = compare;
  }

  /** Among equals, the one that was added first comes first. */
  add(item: T): void {
    const kept = this.#kept;
    if (kept.length === this.#limit && this.#compare(kept.at(-1)!, item) <= 0) return;
    const place = partitionPoint(0, kept.length, (at) => this.#compare(kept[at]!, item) <= 0);
    kept.splice(place, 0, item);
    if (kept.length > this.#limit) kept.pop();
  }

  get items(): readonly T[] {
    return this.#kept;
  }
}
