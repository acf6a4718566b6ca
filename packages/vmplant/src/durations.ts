/** Learnt durations: a running mean per key, so that plans can be priced in expected seconds. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** Beyond this many samples old ones fade, so that a host that changes is learnt anew. */
const MEMORY_SAMPLES = 20;

export interface Durations {
  /** Mean seconds of the first key that has been measured; undefined when none has. */
  expect(...keys: readonly string[]): number | undefined;
}

/** Keys under which durations are kept. */
export const durationKey = {
  start: (start: 'restore' | 'boot', imageId: string) => `${start}:${imageId}`,
  startOfLine: (start: 'restore' | 'boot', line: string) => `${start}:line:${line}`,
  action: (digest: string) => `action:${digest}`,
} as const;

export class LearntDurations implements Durations {
  readonly #read: StatementSync;
  readonly #write: StatementSync;

  constructor(database: DatabaseSync) {
    this.#read = database.prepare('SELECT mean_seconds AS mean, samples FROM durations WHERE key = ?');
    this.#write = database.prepare(
      `INSERT INTO durations (key, mean_seconds, samples) VALUES (?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET mean_seconds = excluded.mean_seconds, samples = excluded.samples`,
    );
  }

  expect(...keys: readonly string[]): number | undefined {
    for (const key of keys) {
      const row = this.#get(key);
      if (row) return row.mean;
    }
    return undefined;
  }

  learn(key: string, seconds: number): void {
    const { mean, samples } = this.#get(key) ?? { mean: 0, samples: 0 };
    const weight = 1 / Math.min(samples + 1, MEMORY_SAMPLES);
    this.#write.run(key, mean + (seconds - mean) * weight, samples + 1);
  }

  #get(key: string): { mean: number; samples: number } | undefined {
    return this.#read.get(key) as { mean: number; samples: number } | undefined;
  }
}
