/**
 * Which plants, by number, hold which fingerprints: one table for all, in segments, so that it grows by one small piece
 * at a time. A plant that leaves retires its number; what it held is dead then: not found, and cleared away segment by
 * segment.
 */
import { FingerprintSegment, NUMBER_BITS } from './fingerprint-segment.ts';

/** Chosen by the upper bits of a fingerprint, which segments do not keep. */
const SEGMENTS = 2 ** NUMBER_BITS;
/** 0 is none. Twice as many as there are links, so that half of them may wait for what they had to be cleared away. */
const NUMBERS = 2 ** NUMBER_BITS;
/** For each entry that dies as many are looked at: so at most about a third as many are dead as live. */
const LOOKED_AT_PER_DEAD = 4;

export class FingerprintTable {
  readonly #segments: (FingerprintSegment | undefined)[] = new Array(SEGMENTS);
  readonly #isAlive = new Uint8Array(NUMBERS);
  /** Entries of each number, dead ones too: a number is used again when it has none. */
  readonly #counts = new Uint32Array(NUMBERS);
  readonly #freed: number[] = [];
  #unused = 1;
  #dead = 0;
  #next = 0;

  /** A number that no entry has. */
  begin(): number {
    if (this.#unused === NUMBERS && this.#freed.length === 0) this.#clear(Number.POSITIVE_INFINITY);
    const number = this.#freed.pop() ?? this.#unused++;
    if (number >= NUMBERS) throw new Error(`more than ${NUMBERS - 1} plants publish at once`);
    this.#isAlive[number] = 1;
    return number;
  }

  countOf(number: number): number {
    return this.#counts[number]!;
  }

  /** False when it is there already. */
  add(fingerprint: number, number: number): boolean {
    const segment = this.#segmentFor(fingerprint);
    if (segment.isFull) this.#rebuild(segment);
    const isNew = segment.add(fingerprint, number);
    if (isNew) this.#counts[number]!++;
    return isNew;
  }

  /** False when it is not there. */
  remove(fingerprint: number, number: number): boolean {
    const wasThere = this.#segments[indexOf(fingerprint)]?.remove(fingerprint, number) ?? false;
    if (wasThere) this.#counts[number]!--;
    return wasThere;
  }

  numbersOf(fingerprint: number): number[] {
    const numbers = this.#segments[indexOf(fingerprint)]?.numbersOf(fingerprint) ?? [];
    return numbers.filter((number) => this.#isAlive[number] === 1);
  }

  /** The number has no fingerprints any more. */
  retire(number: number): void {
    this.#isAlive[number] = 0;
    const count = this.#counts[number]!;
    this.#dead += count;
    if (count === 0) this.#freed.push(number);
    this.#clear(LOOKED_AT_PER_DEAD * count);
  }

  /** Clears dead entries away, in the next segment at least. */
  #clear(lookedAt: number): void {
    let left = lookedAt;
    while (this.#dead > 0) {
      const segment = this.#segments[this.#next];
      this.#next = (this.#next + 1) % SEGMENTS;
      if (!segment) continue;
      left -= segment.size;
      this.#rebuild(segment);
      if (left <= 0) return;
    }
  }

  #rebuild(segment: FingerprintSegment): void {
    segment.rebuild(this.#isAlive, this.#bury);
  }

  readonly #bury = (number: number): void => {
    this.#dead--;
    this.#counts[number]!--;
    if (this.#counts[number] === 0) this.#freed.push(number);
  };

  #segmentFor(fingerprint: number): FingerprintSegment {
    const index = indexOf(fingerprint);
    const segment = this.#segments[index] ?? new FingerprintSegment();
    this.#segments[index] = segment;
    return segment;
  }
}

const indexOf = (fingerprint: number): number => fingerprint >>> (32 - NUMBER_BITS);
