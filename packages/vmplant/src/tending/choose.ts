/**
 * Which of many images to have: of several that serve a request only the best one counts, so what a set saves is
 * monotone and submodular (facility location). Taking the one that saves most per byte beyond those taken before, the
 * set of B bytes that results saves at least 1 − 1/e of what the best set of at most B bytes would (Nemhauser, Wolsey
 * and Fisher 1978; with costs, Sviridenko 2004, whose bound on each step gives this).
 */
export interface Choosable {
  readonly bytes: number;
  /** What it saves of each case, all alone. */
  readonly savings: Float64Array;
}

export interface Chosen<T extends Choosable> {
  readonly item: T;
  /** What it saves beyond those chosen before it. */
  readonly gain: number;
}

export interface ChoiceLimits {
  /** How many at most. */
  readonly count: number;
  /** Bytes of all together; an item that does not fit in is passed over, and then the bound above does not hold. */
  readonly bytes?: number;
}

/** What makes an item the next to be taken: what it saves for each of its bytes, or altogether. */
export type Measure = 'per-byte' | 'whole';

export interface Greed<T extends Choosable> {
  readonly by?: Measure;
  /** Those that are taken whatever they save, before all others. */
  readonly kept?: readonly T[];
}

/** The items in the order they are taken, one a step; none that saves nothing. Takes count × items × cases. */
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
    for (const [at, value] of next.item.savings.entries()) saved[at] = Math.max(saved[at]!, value);
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

/** What an item saves where more than that is not saved already. */
export function gainOf({ savings }: Choosable, saved: Float64Array): number {
  let gain = 0;
  for (let at = 0; at < savings.length; at++) gain += Math.max(0, savings[at]! - saved[at]!);
  return gain;
}
