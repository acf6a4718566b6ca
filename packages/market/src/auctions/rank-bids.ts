/** Orders bids: pure. */
import type { Bid, TrailPlace, TrailRemoval } from '@vmgrid/protocol';
import { FILTER_RULES, ORDER_RULES } from '../rules/chain.ts';
import { compareBy } from '../rules/compare-by.ts';
import type { FilterRule, OrderRule, Removal, RuleContext } from '../rules/rule.ts';

export interface RankedBids {
  /** The best first. */
  readonly bids: readonly Bid[];
  readonly removed: readonly TrailRemoval[];
  /** The values that decided, one per bid, in the order of `bids`. */
  readonly order: readonly TrailPlace[];
}

/**
 * Applies the chain of rules, and orders by plant id what they do not tell apart. The order does not depend on the
 * order in which the bids came.
 */
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
  const compare = compareBy(rules, (place: TrailPlace, name) => place[name]!);
  const placed = left
    .map((bid) => ({ bid, place: placeOf(bid, rules, context) }))
    .sort((a, b) => compare(a.place, b.place) || (a.bid.plantId < b.bid.plantId ? -1 : 1));
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
