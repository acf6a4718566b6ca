/** Counting answers, so that what a broker does not name is not lost. */
import type { AuctionSummary, TrailRemoval } from '@vmgrid/protocol';

export const NO_ANSWERS: AuctionSummary = { asked: 0, bids: 0, silent: 0, failed: 0, declines: [], removals: [] };

type Removals = AuctionSummary['removals'][number];

export function addSummaries(summaries: readonly AuctionSummary[]): AuctionSummary {
  const sum = (of: 'asked' | 'bids' | 'silent' | 'failed') => summaries.reduce((total, one) => total + one[of], 0);
  return {
    asked: sum('asked'),
    bids: sum('bids'),
    silent: sum('silent'),
    failed: sum('failed'),
    declines: added(
      summaries.flatMap(({ declines }) => declines),
      ({ code }) => code,
    ),
    removals: added(
      summaries.flatMap(({ removals }) => removals),
      removalKey,
    ),
  };
}

/** Removals that are of one kind: by the same rule, for the same conditions. */
export const removalKey = ({ rule, conditions }: Pick<Removals, 'rule' | 'conditions'>): string =>
  JSON.stringify([rule, ...conditions]);

/** The removal, as the kind it is of. */
export const kindOfRemoval = ({ rule, conditions = [] }: TrailRemoval): Removals => ({
  rule,
  conditions: conditions.map(({ text }) => text),
  count: 1,
});

/** One entry of each key, with the sum of the counts; the most frequent first, equal ones by key. */
function added<T extends { readonly count: number }>(entries: readonly T[], keyOf: (entry: T) => string): T[] {
  const groups = [...Map.groupBy(entries, keyOf)].sort(([a], [b]) => (a < b ? -1 : 1));
  return groups
    .map(([, [first, ...rest]]) => ({ ...first!, count: rest.reduce((sum, { count }) => sum + count, first!.count) }))
    .sort((a, b) => b.count - a.count);
}
