/**
 * The most that any set of images can save within a quota: found by trying all, or bounded from above with a proof.
 * Pure.
 */

export interface Choice {
  readonly bytes: number;
  /** The saving of each case if it were the only one; a set gives each case its best. */
  readonly savings: readonly number[];
}

/** Tries every set that fits, but those that cannot beat the best found: what is left could not save that much. */
export function exhaustiveOptimum(choices: readonly Choice[], quotaBytes: number): number {
  const items = choices.filter(
    (one) => one.bytes <= quotaBytes && !choices.some((other) => dominates(other, one, choices)),
  );
  const cases = items[0]?.savings.length ?? 0;
  /** The most that the items from here on could save of each case. */
  const reach = items.map((_, from) => bestOf(items.slice(from), cases));
  let best = 0;
  const search = (from: number, left: number, saved: readonly number[]): void => {
    best = Math.max(best, sum(saved));
    if (from === items.length || sum(reach[from]!.map((value, at) => Math.max(value, saved[at]!))) <= best) return;
    const item = items[from]!;
    if (item.bytes <= left) {
      const more = saved.map((value, at) => Math.max(value, item.savings[at]!));
      search(from + 1, left - item.bytes, more);
    }
    search(from + 1, left, saved);
  };
  search(0, quotaBytes, Array(cases).fill(0));
  return best;
}

/** Whether another saves as much of each case for no more bytes; of equal ones the first stays. */
function dominates(other: Choice, one: Choice, all: readonly Choice[]): boolean {
  if (other === one || other.bytes > one.bytes || other.savings.some((value, at) => value < one.savings[at]!))
    return false;
  const isEqual = other.bytes === one.bytes && other.savings.every((value, at) => value === one.savings[at]);
  return !isEqual || all.indexOf(other) < all.indexOf(one);
}

const ROUNDS = 1_500;

/**
 * An upper bound by Lagrangian relaxation: of each case at most one image counts; for any price u ≥ 0 of that a set
 * saves no more than Σ u + Σ of its images Σ over cases max(0, saving − u), and of the latter the best fractional
 * knapsack is the most. Every round's value is a bound (weak duality); the least is taken, along subgradients.
 */
export function upperBound(choices: readonly Choice[], quotaBytes: number, least: number): number {
  const cases = choices[0]?.savings.length ?? 0;
  let prices = bestOf(choices, cases).map((value) => value / 2);
  let bound = sum(bestOf(choices, cases));
  let pace = 2;
  for (let round = 0; round < ROUNDS; round++) {
    const { value, taken } = knapsack(choices, prices, quotaBytes);
    const total = sum(prices) + value;
    if (total < bound) bound = total;
    else if (round % 20 === 19) pace *= 0.85;
    const slope = prices.map(
      (price, at) => 1 - taken.reduce((used, [one, share]) => used + (one.savings[at]! > price ? share : 0), 0),
    );
    const norm = sum(slope.map((one) => one * one));
    if (norm === 0 || total <= least) break;
    const step = (pace * (total - least)) / norm;
    prices = prices.map((price, at) => Math.max(0, price - step * slope[at]!));
  }
  return bound;
}

/** The best fractions of images beyond the prices of their cases. */
function knapsack(choices: readonly Choice[], prices: readonly number[], quotaBytes: number) {
  const worth = choices
    .map((one) => ({ one, value: one.savings.reduce((all, saving, at) => all + Math.max(0, saving - prices[at]!), 0) }))
    .filter(({ one, value }) => value > 0 && one.bytes <= quotaBytes)
    .sort((a, b) => b.value / b.one.bytes - a.value / a.one.bytes);
  let [left, value] = [quotaBytes, 0];
  const taken: (readonly [Choice, number])[] = [];
  for (const { one, value: whole } of worth) {
    const share = Math.min(1, left / one.bytes);
    if (share <= 0) break;
    taken.push([one, share]);
    value += share * whole;
    left -= share * one.bytes;
  }
  return { value, taken };
}

function bestOf(choices: readonly Choice[], cases: number): number[] {
  return Array.from({ length: cases }, (_, at) =>
    choices.reduce((best, { savings }) => Math.max(best, savings[at]!), 0),
  );
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
