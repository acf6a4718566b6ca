/**
 * Betters a choice of images by local search. What is greedy at each step takes a small image that keeps out a large
 * one; exchanges take that back: an image is put in or taken out, and what then saves most per byte, or most of all,
 * fills the room.
 */
import { type ChoiceLimits, type Choosable, type Chosen, chooseGreedily, type Measure } from './choose.ts';

/** Exchanges of one search: each saves more than the last, so that it ends, but it may take long. */
const MOST_EXCHANGES = 40;
const MEASURES: readonly Measure[] = ['per-byte', 'whole'];
/** Less is a matter of rounding. */
const LEAST_GAIN = 1e-9;

/** The best that greed and exchanges find, in the order in which it is best built; a choice of one image a step. */
export function* choose<T extends Choosable>(
  items: readonly T[],
  limits: ChoiceLimits,
): Generator<void, readonly Chosen<T>[]> {
  let best: readonly Chosen<T>[] = [];
  for (const by of MEASURES) best = better(best, yield* chooseGreedily(items, limits, { by }));
  for (let exchanges = 0; exchanges < MOST_EXCHANGES; exchanges++) {
    const next = yield* exchange(items, limits, best);
    if (next === undefined) break;
    best = next;
  }
  const taken = best.map(({ item }) => item);
  return yield* chooseGreedily(taken, limits);
}

/** The first choice found that saves more; undefined when there is none. */
function* exchange<T extends Choosable>(items: readonly T[], limits: ChoiceLimits, chosen: readonly Chosen<T>[]) {
  const enough = savedBy(chosen) * (1 + LEAST_GAIN);
  const taken = chosen.map(({ item }) => item);
  for (const { kept, out } of attempts(items, taken, limits)) {
    const others = items.filter((one) => !kept.includes(one) && !out.includes(one));
    for (const by of MEASURES) {
      const next = yield* chooseGreedily(others, limits, { by, kept });
      if (savedBy(next) > enough) return next;
    }
  }
  return undefined;
}

/** What an exchange begins with: one image or two taken out, or one put in. */
function* attempts<T extends Choosable>(items: readonly T[], taken: readonly T[], limits: ChoiceLimits) {
  for (const [at, one] of taken.entries()) {
    for (const other of taken.slice(at)) {
      const out = [one, other];
      yield { kept: taken.filter((item) => !out.includes(item)), out };
    }
  }
  for (const item of items)
    if (!taken.includes(item)) yield { kept: fitting([item, ...taken], limits), out: [] as T[] };
}

/** Those, from the first on, that there is room for. */
function fitting<T extends Choosable>(items: readonly T[], { count, bytes = Number.POSITIVE_INFINITY }: ChoiceLimits) {
  let left = bytes;
  const kept: T[] = [];
  for (const item of items) {
    if (kept.length === count || item.bytes > left) continue;
    kept.push(item);
    left -= item.bytes;
  }
  return kept;
}

const savedBy = (chosen: readonly Chosen<Choosable>[]): number => chosen.reduce((sum, { gain }) => sum + gain, 0);

const better = <T extends Choosable>(a: readonly Chosen<T>[], b: readonly Chosen<T>[]) =>
  savedBy(b) > savedBy(a) ? b : a;
