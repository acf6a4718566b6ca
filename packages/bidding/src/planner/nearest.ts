import { partitionPoint } from '@vmgrid/dag';

/** The first few of many, in order, without sorting all. */
export class Nearest<T> {
  readonly #limit: number;
  readonly #compare: (a: T, b: T) => number;
  readonly #kept: T[] = [];

  constructor(limit: number, compare: (a: T, b: T) => number) {
    this.#limit = limit;
    this.#compare = compare;
  }

  /** Of equals the one that came first goes before. */
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
