/**
 * Improves a choice of images by local search. A greedy step may take a small image that keeps out a large one. An
 * exchange corrects that: it puts an image in or takes one out, and then fills the room with what saves most per byte,
 * or most altogether.
 */
import { type ChoiceLimits, type Choosable, type Chosen, chooseGreedily, type Measure } from './choose.ts';

/** Most exchanges of one search. Each saves more than the last, so the search ends, but it may take long. */
const MOST_EXCHANGES = 40;
const MEASURES: readonly Measure[] = ['per-byte', 'whole'];
/** A smaller gain may be a rounding error. */
const LEAST_GAIN = 1e-9;

/**
 * Yields the best choice that greedy steps and exchanges find, in the order in which it is best built, one image for
 * each step.
 */
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

/** Returns the first choice found that saves more; undefined when there is none. */
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

/** Yields the beginnings of an exchange: one or two images taken out, or one put in. */
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

/** Returns the items, from the first on, that fit. */
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
