/**
 * Tokens with the number of the plant that holds each: an open-addressing hash table with linear probing in two typed arrays, six
 * bytes for a place. Of the tokens that the segments of a table share out, the upper bits are equal: the lower ones say the place.
 */
/** A place is free when its number is this. */
const FREE = 0;
/** A segment grows when it is fuller than this … */
const FULLEST = 0.8;
/** … and is as full as this then. */
const AFTER_GROWTH = 0.64;
const LEAST_PLACES = 4;

export class TokenSegment {
  readonly #sharedBits: number;
  #tokens = new Uint32Array(LEAST_PLACES);
  #numbers = new Uint16Array(LEAST_PLACES);
  #size = 0;

  /** `sharedBits`: how many upper bits all tokens have in common. */
  constructor(sharedBits: number) {
    this.#sharedBits = sharedBits;
  }

  get size(): number {
    return this.#size;
  }

  get isFull(): boolean {
    return this.#size + 1 > this.#tokens.length * FULLEST;
  }

  /** False when it is there already. The segment must not be full. */
  add(token: number, number: number): boolean {
    const place = this.#find(token, number);
    if (this.#numbers[place] !== FREE) return false;
    this.#tokens[place] = token;
    this.#numbers[place] = number;
    this.#size++;
    return true;
  }

  /** False when it is not there. */
  remove(token: number, number: number): boolean {
    const place = this.#find(token, number);
    if (this.#numbers[place] === FREE) return false;
    this.#free(place);
    this.#size--;
    return true;
  }

  /** The numbers that have the token. */
  numbersOf(token: number): number[] {
    const found: number[] = [];
    for (let place = this.#homeOf(token); this.#numbers[place] !== FREE; place = this.#after(place)) {
      if (this.#tokens[place] === token) found.push(this.#numbers[place]!);
    }
    return found;
  }

  /** Leaves out those whose number is not alive, and tells `left` of each. There is room for one more then. */
  rebuild(isAlive: Uint8Array, left: (number: number) => void): void {
    const [tokens, numbers] = [this.#tokens, this.#numbers];
    let kept = 0;
    for (let place = 0; place < numbers.length; place++) {
      const number = numbers[place]!;
      if (number === FREE) continue;
      if (isAlive[number] === 1) kept++;
      else left(number);
    }
    if (kept === this.#size && !this.isFull) return;
    const places = Math.max(LEAST_PLACES, Math.ceil((kept + 1) / AFTER_GROWTH));
    this.#tokens = new Uint32Array(places);
    this.#numbers = new Uint16Array(places);
    this.#size = kept;
    for (let place = 0; place < numbers.length; place++) {
      const number = numbers[place]!;
      if (number !== FREE && isAlive[number] === 1) this.#put(tokens[place]!, number);
    }
  }

  /** One that is not there for certain. */
  #put(token: number, number: number): void {
    const numbers = this.#numbers;
    let place = this.#homeOf(token);
    while (numbers[place] !== FREE) place = place + 1 === numbers.length ? 0 : place + 1;
    this.#tokens[place] = token;
    numbers[place] = number;
  }

  /** Where it is, or the free place where it would be. */
  #find(token: number, number: number): number {
    const [tokens, numbers] = [this.#tokens, this.#numbers];
    let place = this.#homeOf(token);
    while (numbers[place] !== FREE && (tokens[place] !== token || numbers[place] !== number)) {
      place = place + 1 === numbers.length ? 0 : place + 1;
    }
    return place;
  }

  /** Whatever would be found no more past the hole moves into it. */
  #free(place: number): void {
    let hole = place;
    for (let next = this.#after(hole); this.#numbers[next] !== FREE; next = this.#after(next)) {
      if (this.#distance(this.#homeOf(this.#tokens[next]!), next) < this.#distance(hole, next)) continue;
      this.#tokens[hole] = this.#tokens[next]!;
      this.#numbers[hole] = this.#numbers[next]!;
      hole = next;
    }
    this.#numbers[hole] = FREE;
  }

  #homeOf(token: number): number {
    const share = ((token << this.#sharedBits) >>> 0) / 2 ** 32;
    return Math.floor(share * this.#tokens.length);
  }

  #after(place: number): number {
    return place + 1 === this.#tokens.length ? 0 : place + 1;
  }

  #distance(from: number, to: number): number {
    return to >= from ? to - from : to - from + this.#tokens.length;
  }
}
