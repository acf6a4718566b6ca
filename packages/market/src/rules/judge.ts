/** Evaluates a client's expressions on a plant, each at most once. */
import { type EvaluationContext, type Expression, rankOf } from '@vmgrid/classad';
import { type Bid, clientValue } from '@vmgrid/protocol';
import { failedRequirements, type Unmet } from './failed-requirements.ts';

export interface Wanted {
  readonly requirements: Expression | undefined;
  readonly rank: Expression | undefined;
}

export interface Judgement {
  /** Why the plant will not do; undefined when it will. */
  readonly unmet: Unmet | undefined;
  /** 0 of a plant that will not do. */
  readonly rank: number;
}

const NOTHING_WANTED: Judgement = { unmet: undefined, rank: 0 };

/**
 * `look` is called only where something is wanted: to make the ad of a plant costs more than all else of a judgement.
 * @throws GridError EXPRESSION_TOO_COSTLY when the budget of what is seen is spent
 */
export function judge({ requirements, rank }: Wanted, look: () => EvaluationContext): Judgement {
  if (!requirements && !rank) return NOTHING_WANTED;
  const seen = look();
  const unmet = requirements && failedRequirements(requirements, seen);
  return { unmet, rank: rank && !unmet ? rankOf(clientValue(rank, seen)) : 0 };
}

/** The judgement of each bid, remembered. A plant that has the VM already will do whatever is wanted. */
export function judgeOfBids(
  { requirements, rank }: Wanted,
  evaluation: (bid: Bid) => EvaluationContext,
): (bid: Bid) => Judgement {
  const judged = new Map<Bid, Judgement>();
  return (bid) => {
    const known = judged.get(bid);
    if (known) return known;
    const made = judge({ requirements: bid.holds ? undefined : requirements, rank }, () => evaluation(bid));
    judged.set(bid, made);
    return made;
  };
}
