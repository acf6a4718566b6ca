/**
 * Learnt durations: a running mean for each key, so that plans can be priced in expected seconds. The table is limited:
 * the least useful entries are dropped.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type Durations, isKindKey, type LearntBook, startOfKey } from '@vmgrid/bidding';
import { inTransaction } from '@vmgrid/daemon';
import { ifRoom, type OfferTerms, type StandingChange, type StandingOffer } from '@vmgrid/protocol';
import { SegmentedLru } from './segmented-lru.ts';

/** Actions whose mean is kept: most of those that came again, and the last few of those that came once. */
export const ACTIONS_LEARNT = { once: 200, again: 800 } as const;
/** Starts of single images whose mean is kept. Lines and kinds of actions are few, so all of them are kept. */
export const STARTS_LEARNT = { once: 64, again: 192 } as const;

/** Samples after which old ones fade, so that a host that changes is learnt anew. */
const MEMORY_SAMPLES = 20;
/** The same for all actions of a kind, which differ much from each other. */
const MEMORY_SAMPLES_OF_KIND = 200;

/** A price changes when its mean has moved by this share of the old price, and by this many seconds. */
const PRICE_STEP = { share: 0.1, seconds: 0.01 } as const;

interface Learnt {
  readonly mean: number;
  readonly samples: number;
  /** The mean at its last step, in seconds: prices use this value, here and above. */
  readonly priced: number;
}

interface Row {
  readonly key: string;
  readonly mean: number;
  readonly samples: number;
}

/**
 * All durations are in memory, because a bid asks for very many. The database is read once and written through; its
 * rows are in the order of their last measurement.
 */
export class LearntDurations implements Durations, LearntBook {
  readonly #learnt = new Map<string, Learnt>();
  readonly #actions = new SegmentedLru(ACTIONS_LEARNT);
  readonly #starts = new SegmentedLru(STARTS_LEARNT);
  /** The values that those above know, in seconds. */
  readonly #told = new Map<string, number>();
  /** Keys whose values may differ from what those above know. */
  readonly #news = new Set<string>();
  readonly #least = { restore: Number.POSITIVE_INFINITY, boot: Number.POSITIVE_INFINITY };
  readonly #write: StatementSync;
  readonly #erase: StatementSync;

  constructor(database: DatabaseSync) {
    this.#write = database.prepare('REPLACE INTO durations (key, mean_seconds, samples) VALUES (?, ?, ?)');
    this.#erase = database.prepare('DELETE FROM durations WHERE key = ?');
    const rows = database.prepare('SELECT key, mean_seconds AS mean, samples FROM durations ORDER BY rowid').all();
    for (const row of rows as unknown as Row[]) this.#load(row);
    const erased = (rows as unknown as Row[]).filter(({ key }) => !this.#learnt.has(key));
    if (erased.length === 0) return;
    ifRoom(() => inTransaction(database, () => erased.forEach(({ key }) => void this.#erase.run(key))));
  }

  expect(...keys: readonly string[]): number | undefined {
    for (const key of keys) {
      const learnt = this.#learnt.get(key);
      if (learnt) return learnt.priced;
    }
    return undefined;
  }

  /** Returns the least price that any start ever had; it does not rise again. */
  least(start: 'restore' | 'boot'): number | undefined {
    return Number.isFinite(this.#least[start]) ? this.#least[start] : undefined;
  }

  /** Whether some means may have been forgotten, so that their actions are priced by kind or line. */
  get isCoarse(): boolean {
    return this.#actions.isFull || this.#starts.isFull;
  }

  /** Returns the prices of everything learnt, in seconds. */
  all(): StandingOffer['durations'] {
    return Object.fromEntries([...this.#learnt].map(([key, { priced }]) => [key, priced]));
  }

  takeNews(): Pick<StandingChange, 'durations' | 'forgotten'> {
    const durations: Record<string, number> = {};
    const forgotten: string[] = [];
    for (const key of this.#news) {
      const priced = this.#learnt.get(key)?.priced;
      if (priced === this.#told.get(key)) continue;
      if (priced === undefined) forgotten.push(key);
      else durations[key] = priced;
      if (priced === undefined) this.#told.delete(key);
      else this.#told.set(key, priced);
    }
    this.#news.clear();
    return {
      ...(Object.keys(durations).length > 0 && { durations }),
      ...(forgotten.length > 0 && { forgotten }),
    };
  }

  /** Returns the least means of the starts that were measured. */
  allLeast(): OfferTerms['least'] {
    return Object.fromEntries(Object.entries(this.#least).filter(([, seconds]) => Number.isFinite(seconds)));
  }

  learn(key: string, seconds: number): void {
    const learnt = withSample(this.#learnt.get(key), seconds, isKindKey(key) ? MEMORY_SAMPLES_OF_KIND : MEMORY_SAMPLES);
    this.#keep(key, learnt);
    const forgotten = this.#see(key);
    // Values that a full disk does not take are kept until the plant ends: no machine fails because of them.
    ifRoom(() => {
      this.#write.run(key, learnt.mean, learnt.samples);
      if (forgotten !== undefined) this.#erase.run(forgotten);
    });
  }

  meet(key: string): void {
    if (this.#learnt.has(key)) this.#see(key);
  }

  #load({ key, mean, samples }: Row): void {
    this.#keep(key, { mean, samples, priced: mean });
    this.#see(key, samples > 1);
  }

  #keep(key: string, learnt: Learnt): void {
    this.#learnt.set(key, learnt);
    this.#news.add(key);
    const start = startOfKey(key)?.start;
    if (start) this.#least[start] = Math.min(this.#least[start], learnt.priced);
  }

  /** Returns the key that is forgotten in exchange. */
  #see(key: string, isAgain?: boolean): string | undefined {
    const forgotten = this.#partOf(key)?.see(key, isAgain);
    if (forgotten === undefined) return undefined;
    this.#learnt.delete(forgotten);
    if (this.#told.has(forgotten)) this.#news.add(forgotten);
    else this.#news.delete(forgotten);
    return forgotten;
  }

  #partOf(key: string): SegmentedLru | undefined {
    if (isKindKey(key)) return undefined;
    const start = startOfKey(key);
    if (!start) return this.#actions;
    return start.imageId === undefined ? undefined : this.#starts;
  }
}

function withSample(before: Learnt | undefined, seconds: number, memory: number): Learnt {
  if (!before) return { mean: seconds, samples: 1, priced: seconds };
  const samples = before.samples + 1;
  const mean = before.mean + (seconds - before.mean) / Math.min(samples, memory);
  return { mean, samples, priced: hasMoved(before.priced, mean) ? mean : before.priced };
}

const hasMoved = (priced: number, mean: number): boolean =>
  Math.abs(mean - priced) >= Math.max(PRICE_STEP.share * priced, PRICE_STEP.seconds);
