/** The chain of rules, in the order they are applied. */
import { cost } from './cost.ts';
import { rank } from './rank.ts';
import { recentlyFailed } from './recently-failed.ts';
import { requirements } from './requirements.ts';
import type { FilterRule, OrderRule } from './rule.ts';
import { tieBreak } from './tie-break.ts';

/** `recently-failed` comes last: it keeps a failing plant only when no other meets the requirements. */
export const FILTER_RULES: readonly FilterRule[] = [requirements, recentlyFailed];

export const ORDER_RULES: readonly OrderRule[] = [cost, rank, tieBreak];
