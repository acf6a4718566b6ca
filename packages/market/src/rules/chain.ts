/** The chain of rules, in the order they are applied. */
import type { CallTerms } from '@vmgrid/protocol';
import { alreadyHasVm } from './already-has-vm.ts';
import { cost } from './cost.ts';
import { expectedSeconds } from './expected-seconds.ts';
import { rank } from './rank.ts';
import { recentlyFailed } from './recently-failed.ts';
import { requirements } from './requirements.ts';
import type { FilterRule, OrderRule } from './rule.ts';
import { tieBreak } from './tie-break.ts';

/**
 * `already-has-vm` comes first: the plant that has the VM wins whatever it looks like now. `recently-failed` comes
 * last: it keeps a failing plant only when no other meets the requirements.
 */
export const FILTER_RULES: readonly FilterRule[] = [alreadyHasVm, requirements, recentlyFailed];

/**
 * By what the best is found. The tie-break comes last: bids that stand are ordered by the others once for all requests
 * of a class (`class-order.ts`).
 */
export const ORDER_RULES: { readonly [O in CallTerms['order']]: readonly OrderRule[] } = {
  cheapest: [cost, rank, tieBreak],
  soonest: [expectedSeconds, cost, rank, tieBreak],
};
