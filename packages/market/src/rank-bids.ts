/** From bids to their order: pure. */
import type { Bid, TrailPlace, TrailRemoval } from '@vmgrid/protocol';
import { FILTER_RULES, ORDER_RULES } from './rules/chain.ts';
import type { FilterRule, OrderRule, Removal, RuleContext } from './rules/rule.ts';

export interface RankedBids {
  /** The best first. */
  readonly bids: readonly Bid[];
  readonly removed: readonly TrailRemoval[];
  /** The values that decided, one per bid, in the order of `bids`. */
  readonly order: readonly TrailPlace[];
}

/** Applies the chain of rules. The order does not depend on the order in which the bids came. */
export function rankBids(bids: readonly Bid[], context: RuleContext): RankedBids {
  const removed: TrailRemoval[] = [];
  let left = bids;
  for (const rule of FILTER_RULES) {
    const removals = rule.removals(left, context);
    removed.push(...removals.map((removal) => trailRemoval(rule, removal)));
    const gone = new Set(removals.map(({ bid }) => bid));
    left = left.filter((bid) => !gone.has(bid));
  }
  const rules = ORDER_RULES[context.order];
  const placed = left
    .map((bid) => ({ bid, place: placeOf(bid, rules, context) }))
    .sort((a, b) => compare(a.place, b.place, rules));
  return { bids: placed.map(({ bid }) => bid), removed, order: placed.map(({ place }) => place) };
}

const trailRemoval = ({ name }: FilterRule, { bid, reason, conditions }: Removal): TrailRemoval => ({
  rule: name,
  plantId: bid.plantId,
  reason,
  ...(conditions === undefined ? {} : { conditions: [...conditions] }),
});

function placeOf(bid: Bid, rules: readonly OrderRule[], context: RuleContext): TrailPlace {
  const values: Partial<Record<OrderRule['name'], number>> = {};
  for (const rule of rules) values[rule.name] = rule.valueOf(bid, context);
  return { plantId: bid.plantId, ...(values as Omit<TrailPlace, 'plantId'>) };
}

/** By the rules, and by plant id should even the tie-break be equal. */
function compare(a: TrailPlace, b: TrailPlace, rules: readonly OrderRule[]): number {
  for (const { name, better } of rules) {
    const [left, right] = [a[name]!, b[name]!];
    if (left !== right) return left < right === (better === 'less') ? -1 : 1;
  }
  return a.plantId < b.plantId ? -1 : 1;
}
