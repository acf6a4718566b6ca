/**
 * Which of many images to have: of several that serve a request only the best one counts, so what a set saves is monotone and
 * submodular (facility location). Taking the one that saves most per byte beyond those taken before, the set of B bytes that
 * results saves at least 1 − 1/e of what the best set of at most B bytes would (Nemhauser, Wolsey and Fisher 1978; with
 * costs, Sviridenko 2004, whose bound on each step gives this).
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

/** The items in the order they are taken, one a step; none that saves nothing. Takes count × items × cases. */
export function* chooseGreedily<T extends Choosable>(
  items: readonly T[],
  limits: ChoiceLimits,
): Generator<void, readonly Chosen<T>[]> {
  const saved = new Float64Array(items[0]?.savings.length ?? 0);
  const chosen: Chosen<T>[] = [];
  let bytesLeft = limits.bytes ?? Number.POSITIVE_INFINITY;
  while (chosen.length < limits.count) {
    yield;
    const next = best(items, saved, bytesLeft);
    if (!next) break;
    chosen.push(next);
    bytesLeft -= next.item.bytes;
    for (const [at, value] of next.item.savings.entries()) saved[at] = Math.max(saved[at]!, value);
  }
  return chosen;
}

function best<T extends Choosable>(items: readonly T[], saved: Float64Array, bytesLeft: number): Chosen<T> | undefined {
  let found: Chosen<T> | undefined;
  for (const item of items) {
    if (item.bytes > bytesLeft) continue;
    const gain = gainOf(item, saved);
    if (gain > 0 && (!found || gain * found.item.bytes > found.gain * item.bytes)) found = { item, gain };
  }
  return found;
}

/** What an item saves where more than that is not saved already. */
export const gainOf = ({ savings }: Choosable, saved: Float64Array): number =>
  savings.reduce((sum, value, at) => sum + Math.max(0, value - saved[at]!), 0);
