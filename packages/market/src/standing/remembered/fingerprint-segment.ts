/**
 * Fingerprints with the number of the plant that holds each: an open-addressing hash table with linear probing in one
 * typed array, four bytes for a place. All fingerprints of one segment have the same upper bits. So a place holds the
 * lower bits, and the number of the plant instead of the upper ones.
 */
/** Plants have numbers of so many bits from 1 on; as many upper bits of a fingerprint are not kept. */
export const NUMBER_BITS = 14;
/** How many lower parts of fingerprints there are. */
const LOWER_PARTS = 2 ** (32 - NUMBER_BITS);
const NUMBER_MASK = 2 ** NUMBER_BITS - 1;
/** In the place of an entry: none has the number 0. */
const FREE = 0;
/** A segment grows when it is fuller than this … */
const FULLEST = 0.9;
/** … and is as full as this then. */
const AFTER_GROWTH = 0.72;
const LEAST_PLACES = 16;

export class FingerprintSegment {
  #entries = new Int32Array(LEAST_PLACES);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get isFull(): boolean {
    return this.#size + 1 > this.#entries.length * FULLEST;
  }

  /** False when it is there already. The segment must not be full. */
  add(fingerprint: number, number: number): boolean {
    const entry = entryOf(fingerprint, number);
    const place = this.#find(entry);
    if (this.#entries[place] === entry) return false;
    this.#entries[place] = entry;
    this.#size++;
    return true;
  }

  /** False when it is not there. */
  remove(fingerprint: number, number: number): boolean {
    const entry = entryOf(fingerprint, number);
    const place = this.#find(entry);
    if (this.#entries[place] !== entry) return false;
    this.#free(place);
    this.#size--;
    return true;
  }

  /** The numbers that have the fingerprint. */
  numbersOf(fingerprint: number): number[] {
    const found: number[] = [];
    const wanted = lowerPartOf(entryOf(fingerprint, FREE));
    for (let place = this.#homeOf(wanted); this.#entries[place] !== FREE; place = this.#after(place)) {
      const entry = this.#entries[place]!;
      if (lowerPartOf(entry) === wanted) found.push(numberOf(entry));
    }
    return found;
  }

  /** Leaves out those whose number is not alive, and tells `left` of each. There is room for one more then. */
  rebuild(isAlive: Uint8Array, left: (number: number) => void): void {
    const before = this.#entries;
    let kept = 0;
    for (let place = 0; place < before.length; place++) {
      const entry = before[place]!;
      if (entry === FREE) continue;
      if (isAlive[numberOf(entry)] === 1) kept++;
      else left(numberOf(entry));
    }
    if (kept === this.#size && !this.isFull) return;
    this.#entries = new Int32Array(Math.max(LEAST_PLACES, Math.ceil((kept + 1) / AFTER_GROWTH)));
    this.#size = kept;
    for (let place = 0; place < before.length; place++) {
      const entry = before[place]!;
      if (entry !== FREE && isAlive[numberOf(entry)] === 1) this.#entries[this.#find(entry)] = entry;
    }
  }

  /** Where it is, or the free place where it would be. */
  #find(entry: number): number {
    const entries = this.#entries;
    let place = this.#homeOf(lowerPartOf(entry));
    while (entries[place] !== FREE && entries[place] !== entry) {
      place = place + 1 === entries.length ? 0 : place + 1;
    }
    return place;
  }

  /** Whatever would be found no more past the hole moves into it. */
  #free(place: number): void {
    let hole = place;
    for (let next = this.#after(hole); this.#entries[next] !== FREE; next = this.#after(next)) {
      if (this.#distance(this.#homeOf(lowerPartOf(this.#entries[next]!)), next) < this.#distance(hole, next)) continue;
      this.#entries[hole] = this.#entries[next]!;
      hole = next;
    }
    this.#entries[hole] = FREE;
  }

  /** Returns the place where the search for a fingerprint begins. */
  #homeOf(lowerPart: number): number {
    return Math.floor(lowerPart * (this.#entries.length / LOWER_PARTS));
  }

  #after(place: number): number {
    return place + 1 === this.#entries.length ? 0 : place + 1;
  }

  #distance(from: number, to: number): number {
    return to >= from ? to - from : to - from + this.#entries.length;
  }
}

/** 32 bits with a sign: engines keep such numbers without an object. */
const entryOf = (fingerprint: number, number: number): number => (fingerprint << NUMBER_BITS) | number;

const lowerPartOf = (entry: number): number => entry >>> NUMBER_BITS;

const numberOf = (entry: number): number => entry & NUMBER_MASK;
