/**
 * Keeps the durations that a plant has learnt and published. It stores only 53 bits of each key, since thousands of
 * plants have thousands of keys each.
 */
import { type Durations, hash53, startOfKey } from '@vmgrid/bidding';
import type { OfferTerms, StandingChange, StandingOffer } from '@vmgrid/protocol';
import { NumberTable } from '../remembered/number-table.ts';

/**
 * Number of changed keys that are remembered one by one. A caller that missed more assumes that all keys have changed.
 */
const CHANGES_KEPT = 64;
/** Stands in the place of a key when a change concerns all plans. */
const EVERYTHING = -1;

export class PublishedDurations implements Durations {
  readonly #learnt: NumberTable;
  #least: OfferTerms['least'];
  #isCoarse: boolean;
  #version = 0;
  /** The key that changed at version v lies at index v modulo the length. */
  readonly #changed = new Float64Array(CHANGES_KEPT);

  constructor({ durations, least, coarse }: Pick<StandingOffer, 'durations' | 'least' | 'coarse'>) {
    this.#learnt = new NumberTable(new Map(Object.entries(durations).map(([key, value]) => [hash53(key), value])));
    this.#least = least;
    this.#isCoarse = coarse;
  }

  get size(): number {
    return this.#learnt.size;
  }

  get isCoarse(): boolean {
    return this.#isCoarse;
  }

  /** Counts what has changed. */
  get version(): number {
    return this.#version;
  }

  expect(...keys: readonly string[]): number | undefined {
    for (const key of keys) {
      const seconds = this.#learnt.get(hash53(key));
      if (seconds !== undefined) return seconds;
    }
    return undefined;
  }

  least(start: 'restore' | 'boot'): number | undefined {
    return this.#least[start];
  }

  /**
   * Tells whether a plan that was right at version `since` may have changed. `concerns`: keys, by `hash53`, of all its
   * actions and their kinds.
   */
  hasChanged(since: number, concerns: ReadonlySet<number>): boolean {
    if (this.#version - since > CHANGES_KEPT) return true;
    for (let version = since; version < this.#version; version++) {
      const key = this.#changed[version % CHANGES_KEPT]!;
      if (key === EVERYTHING || concerns.has(key)) return true;
    }
    return false;
  }

  apply({ durations = {}, forgotten = [], least, coarse }: Partial<StandingChange>): void {
    for (const key of forgotten) this.#learnt.delete(this.#note(key));
    for (const [key, seconds] of Object.entries(durations)) this.#learnt.set(this.#note(key), seconds);
    this.#least = least ?? this.#least;
    this.#isCoarse = coarse ?? this.#isCoarse;
    if (least !== undefined || coarse !== undefined) this.#noteNumber(EVERYTHING);
  }

  #note(key: string): number {
    const number = hash53(key);
    this.#noteNumber(startOfKey(key) ? EVERYTHING : number);
    return number;
  }

  #noteNumber(number: number): void {
    this.#changed[this.#version % CHANGES_KEPT] = number;
    this.#version++;
  }
}
