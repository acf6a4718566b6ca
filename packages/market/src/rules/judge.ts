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
 * Steps to a judgement. `look` is called only where something is wanted: to make the ad of a plant costs more than all
 * else of a judgement.
 * @throws GridError EXPRESSION_TOO_COSTLY when the budget of what is seen is spent
 */
export function* judging(
  { requirements, rank }: Wanted,
  look: () => EvaluationContext,
): Generator<undefined, Judgement> {
  if (!requirements && !rank) return NOTHING_WANTED;
  const seen = look();
  const unmet = requirements && (yield* failedRequirements(requirements, seen));
  if (!rank || unmet) return { unmet, rank: 0 };
  if (requirements) yield;
  return { unmet, rank: rankOf(clientValue(rank, seen)) };
}

/** Judges bids in steps, and remembers each judgement. */
export interface JudgeOfBids {
  /** Steps to the judgement of a bid, none where it is known. @throws GridError EXPRESSION_TOO_COSTLY */
  judging(bid: Bid): Generator<undefined, Judgement>;
  /** The judgement of a bid. @throws GridError EXPRESSION_TOO_COSTLY */
  judge(bid: Bid): Judgement;
}

/** The judgement of each bid, remembered. A plant that has the VM already will do whatever is wanted. */
export function judgeOfBids({ requirements, rank }: Wanted, evaluation: (bid: Bid) => EvaluationContext): JudgeOfBids {
  const judged = new Map<Bid, Judgement>();
  function* judgingOf(bid: Bid): Generator<undefined, Judgement> {
    const known = judged.get(bid);
    if (known) return known;
    const made = yield* judging({ requirements: bid.holds ? undefined : requirements, rank }, () => evaluation(bid));
    judged.set(bid, made);
    return made;
  }
  return { judging: judgingOf, judge: (bid) => lastOf(judgingOf(bid)) };
}

function lastOf<T>(steps: Iterator<undefined, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
