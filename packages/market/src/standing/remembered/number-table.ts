import { partitionPoint } from '@vmgrid/dag';

/** Numbers by numbers, few enough to be kept in order: two arrays side by side, 16 bytes an entry. */
export class NumberTable {
  #keys: Float64Array;
  #values: Float64Array;
  #size: number;

  constructor(entries: ReadonlyMap<number, number>) {
    this.#size = entries.size;
    this.#keys = Float64Array.from(entries.keys()).sort();
    this.#values = Float64Array.from(this.#keys, (key) => entries.get(key)!);
  }

  get size(): number {
    return this.#size;
  }

  get(key: number): number | undefined {
    const place = this.#placeOf(key);
    return this.#isAt(place, key) ? this.#values[place] : undefined;
  }

  set(key: number, value: number): void {
    const place = this.#placeOf(key);
    if (!this.#isAt(place, key)) this.#makeRoom(place);
    this.#keys[place] = key;
    this.#values[place] = value;
  }

  delete(key: number): void {
    const place = this.#placeOf(key);
    if (!this.#isAt(place, key)) return;
    this.#keys.copyWithin(place, place + 1, this.#size);
    this.#values.copyWithin(place, place + 1, this.#size);
    this.#size--;
  }

  #isAt(place: number, key: number): boolean {
    return place < this.#size && this.#keys[place] === key;
  }

  #makeRoom(place: number): void {
    if (this.#size === this.#keys.length) {
      this.#keys = grown(this.#keys);
      this.#values = grown(this.#values);
    }
    this.#keys.copyWithin(place + 1, place, this.#size);
    this.#values.copyWithin(place + 1, place, this.#size);
    this.#size++;
  }

  /** Where the first key stands that is not less. */
  #placeOf(key: number): number {
    const keys = this.#keys;
    return partitionPoint(0, this.#size, (at) => keys[at]! < key);
  }
}

/** By an eighth: of very many tables little is unused. */
function grown(numbers: Float64Array): Float64Array {
  const larger = new Float64Array(numbers.length + (numbers.length >> 3) + 8);
  larger.set(numbers);
  return larger;
}
