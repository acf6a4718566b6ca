/** The rules of an auction: one file each, with a name for people and the reason why it is there. */
import type { Bid, CallTerms, FailedCondition, PlantBackoff, TrailPlace } from '@vmgrid/protocol';
import type { Judgement } from './judge.ts';

/** The values that rules may read besides the bids. */
export interface RuleContext {
  readonly requestId: string;
  /** Evaluates the request's expressions on a bid. */
  readonly judge: (bid: Bid) => Judgement;
  readonly inBackoff: (bid: Bid) => PlantBackoff | undefined;
  readonly order: CallTerms['order'];
}

/** A bid that a rule takes out, and the values that made it do so. */
export interface Removal {
  readonly bid: Bid;
  readonly reason: string;
  readonly conditions?: readonly FailedCondition[];
}

export interface FilterRule {
  readonly name: string;
  /** Why there is such a rule. */
  readonly why: string;
  removals(bids: readonly Bid[], context: RuleContext): readonly Removal[];
}

/** Orders bids by a number; bids that it finds equal are left to the next rule. */
export interface OrderRule {
  readonly name: Exclude<keyof TrailPlace, 'plantId'>;
  readonly why: string;
  readonly better: 'less' | 'greater';
  valueOf(bid: Bid, context: RuleContext): number;
}
