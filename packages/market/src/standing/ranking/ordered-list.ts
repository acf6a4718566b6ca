import { partitionPoint } from '@vmgrid/dag';

/**
 * A sorted list; no two items compare as equal. Adding and removing is a binary search, and a move of all items after
 * it.
 */
export class OrderedList<T> {
  readonly #compare: (a: T, b: T) => number;
  readonly #items: T[] = [];

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  get items(): readonly T[] {
    return this.#items;
  }

  add(item: T): void {
    this.#items.splice(this.#placeOf(item), 0, item);
  }

  /** The item has to be there. */
  remove(item: T): void {
    const place = this.#placeOf(item);
    if (this.#items[place] !== item) throw new Error('the item to remove is not where its order says');
    this.#items.splice(place, 1);
  }

  /** Where the first item stands that does not come before this one. */
  #placeOf(item: T): number {
    return partitionPoint(0, this.#items.length, (at) => this.#compare(this.#items[at]!, item) < 0);
  }
}
