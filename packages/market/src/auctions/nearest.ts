/** Picks the refusals that a small change would have turned into bids. Of all others only the number is kept. */
import type { Decline, FailedCondition, TrailRemoval } from '@vmgrid/protocol';
import { MARKET_LIMITS } from '../limits.ts';
import { readComparison } from './comparison.ts';
import { kindOfRemoval, removalKey } from './summary.ts';

/** Returns for each code the declines that lack least. */
export function nearestDeclines(
  declines: readonly Decline[],
  ofEach: number = MARKET_LIMITS.declinesOfCode,
): Decline[] {
  return [...Map.groupBy(declines, ({ code }) => code).values()].flatMap((group) =>
    group.toSorted((a, b) => lacking(a) - lacking(b) || byName(a, b)).slice(0, ofEach),
  );
}

/** Returns how much a decline says is missing, in its own unit. A decline without a number counts as infinity. */
export const lacking = ({ details }: Decline): number =>
  typeof details.lacking === 'number' ? details.lacking : Number.MAX_VALUE;

/** Returns for each rule and set of failed conditions the removal that missed least. */
export function nearestRemovals(removals: readonly TrailRemoval[]): TrailRemoval[] {
  const groups = Map.groupBy(removals, (removal) => removalKey(kindOfRemoval(removal)));
  return [...groups.values()].map((group) => group.reduce((best, other) => (nearer(other, best) ? other : best)));
}

const nearer = (a: TrailRemoval, b: TrailRemoval): boolean => {
  const [gapA, gapB] = [gapOf(a), gapOf(b)];
  return gapA === gapB ? a.plantId < b.plantId : gapA < gapB;
};

/** How far a removed bid is from staying. */
export const gapOf = ({ conditions = [] }: TrailRemoval): number =>
  conditions.reduce((sum, condition) => sum + gapOfCondition(condition), 0);

/** How far a comparison is from holding, as a share of its limit; 1 for what is no comparison with a number. */
function gapOfCondition(condition: FailedCondition): number {
  const comparison = readComparison(condition);
  if (!comparison) return 1;
  return Math.abs(comparison.actual - comparison.limit) / Math.max(1, Math.abs(comparison.limit));
}

const byName = (a: Decline, b: Decline): number => (a.plantId < b.plantId ? -1 : 1);
