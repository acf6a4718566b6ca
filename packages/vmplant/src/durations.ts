/** Learnt durations: a running mean per key, so that plans can be priced in expected seconds. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Durations, LearntBook } from '@vmgrid/bidding';
import { ifRoom, type OfferTerms, type StandingChange, type StandingOffer } from '@vmgrid/protocol';

/** Beyond this many samples old ones fade, so that a host that changes is learnt anew. */
const MEMORY_SAMPLES = 20;

interface Learnt {
  readonly mean: number;
  readonly samples: number;
}

/** All durations are in memory, since a bid asks for very many; the database is read once and written through. */
export class LearntDurations implements Durations, LearntBook {
  readonly #learnt = new Map<string, Learnt>();
  /** Keys of what is other than when it was told last. */
  readonly #news = new Set<string>();
  readonly #least = { restore: Number.POSITIVE_INFINITY, boot: Number.POSITIVE_INFINITY };
  readonly #write: StatementSync;

  constructor(database: DatabaseSync) {
    const rows = database.prepare('SELECT key, mean_seconds AS mean, samples FROM durations').iterate();
    for (const row of rows) {
      const { key, mean, samples } = row as unknown as Learnt & { key: string };
      this.#keep(key, { mean, samples });
    }
    this.#write = database.prepare(
      `INSERT INTO durations (key, mean_seconds, samples) VALUES (?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET mean_seconds = excluded.mean_seconds, samples = excluded.samples`,
    );
  }

  expect(...keys: readonly string[]): number | undefined {
    for (const key of keys) {
      const learnt = this.#learnt.get(key);
      if (learnt) return learnt.mean;
    }
    return undefined;
  }

  /** The least mean ever held: it does not rise again when that mean does. */
  least(start: 'restore' | 'boot'): number | undefined {
    return Number.isFinite(this.#least[start]) ? this.#least[start] : undefined;
  }

  get size(): number {
    return this.#learnt.size;
  }

  /** All that was learnt, in seconds. */
  all(): StandingOffer['durations'] {
    return Object.fromEntries([...this.#learnt].map(([key, { mean }]) => [key, mean]));
  }

  takeNews(): Pick<StandingChange, 'durations' | 'forgotten'> {
    const keys = [...this.#news];
    this.#news.clear();
    const [learnt, forgotten] = [
      keys.filter((key) => this.#learnt.has(key)),
      keys.filter((key) => !this.#learnt.has(key)),
    ];
    const durations = Object.fromEntries(learnt.map((key) => [key, this.#learnt.get(key)!.mean]));
    return { ...(learnt.length > 0 && { durations }), ...(forgotten.length > 0 && { forgotten }) };
  }

  /** The least means, of the starts that were measured. */
  allLeast(): OfferTerms['least'] {
    return Object.fromEntries(Object.entries(this.#least).filter(([, seconds]) => Number.isFinite(seconds)));
  }

  learn(key: string, seconds: number): void {
    const { mean, samples } = this.#learnt.get(key) ?? { mean: 0, samples: 0 };
    const weight = 1 / Math.min(samples + 1, MEMORY_SAMPLES);
    const learnt = { mean: mean + (seconds - mean) * weight, samples: samples + 1 };
    this.#keep(key, learnt);
    // What a full disk does not take is known until the plant ends: no machine fails for it.
    ifRoom(() => this.#write.run(key, learnt.mean, learnt.samples));
  }

  #keep(key: string, learnt: Learnt): void {
    this.#learnt.set(key, learnt);
    this.#news.add(key);
    for (const start of ['restore', 'boot'] as const) {
      if (key.startsWith(`${start}:`)) this.#least[start] = Math.min(this.#least[start], learnt.mean);
    }
  }
}
