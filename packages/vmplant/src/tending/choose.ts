/**
 * Chooses which of many images to have. Of several images that serve a request only the best one counts, so the saving
 * of a set is monotone and submodular (facility location). The greedy choice takes the image that saves most per byte
 * beyond those taken before. A greedy set of B bytes saves at least 1 − 1/e of what the best set of at most B bytes
 * would (Nemhauser, Wolsey and Fisher 1978; with costs, Sviridenko 2004, whose bound on each step gives this).
 */
export interface Choosable {
  readonly bytes: number;
  /** The saving for each case, if it were the only image. */
  readonly savings: Float64Array;
}

export interface Chosen<T extends Choosable> {
  readonly item: T;
  /** The saving beyond the images chosen before it. */
  readonly gain: number;
}

export interface ChoiceLimits {
  /** Most images. */
  readonly count: number;
  /** Bytes of all images together. An item that does not fit is skipped, and then the bound above does not hold. */
  readonly bytes?: number;
}

/** The measure that decides the next item: its saving per byte, or its whole saving. */
export type Measure = 'per-byte' | 'whole';

export interface Greed<T extends Choosable> {
  readonly by?: Measure;
  /** Items that are taken first, whatever they save. */
  readonly kept?: readonly T[];
}

/**
 * Yields the items in the order in which they are taken, one for each step; none that saves nothing. Takes count ×
 * items × cases.
 */
export function* chooseGreedily<T extends Choosable>(
  items: readonly T[],
  limits: ChoiceLimits,
  { by = 'per-byte', kept = [] }: Greed<T> = {},
): Generator<void, readonly Chosen<T>[]> {
  const saved = new Float64Array(items[0]?.savings.length ?? 0);
  const chosen: Chosen<T>[] = [];
  let bytesLeft = limits.bytes ?? Number.POSITIVE_INFINITY;
  const take = (next: Chosen<T>): void => {
    chosen.push(next);
    bytesLeft -= next.item.bytes;
    const { savings } = next.item;
    for (let at = 0; at < savings.length; at++) if (savings[at]! > saved[at]!) saved[at] = savings[at]!;
  };
  for (const item of kept) take({ item, gain: gainOf(item, saved) });
  while (chosen.length < limits.count) {
    yield;
    const next = best(items, { saved, bytesLeft, by });
    if (!next) break;
    take(next);
  }
  return chosen;
}

interface Step {
  /** By case, what those chosen so far save. */
  readonly saved: Float64Array;
  readonly bytesLeft: number;
  readonly by: Measure;
}

function best<T extends Choosable>(items: readonly T[], { saved, bytesLeft, by }: Step): Chosen<T> | undefined {
  let found: Chosen<T> | undefined;
  for (const item of items) {
    if (item.bytes > bytesLeft) continue;
    const gain = gainOf(item, saved);
    const isBest = !found || (by === 'whole' ? gain > found.gain : gain * found.item.bytes > found.gain * item.bytes);
    if (gain > 0 && isBest) found = { item, gain };
  }
  return found;
}

/** Returns an item's saving beyond what is saved already. */
export function gainOf({ savings }: Choosable, saved: Float64Array): number {
  let gain = 0;
  for (let at = 0; at < savings.length; at++) {
    const more = savings[at]! - saved[at]!;
    if (more > 0) gain += more;
  }
  return gain;
}
