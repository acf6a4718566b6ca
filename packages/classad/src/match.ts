import type { Value } from './ast.ts';
import type { ClassAd } from './class-ad.ts';
import { type EvaluationContext, evaluateAttribute } from './evaluate.ts';
import { isTrue } from './value.ts';

export interface MatchOptions extends Omit<EvaluationContext, 'my' | 'target'> {
  /** How an ad without `Requirements` answers. In HTCondor it refuses, because its requirements are undefined. */
  readonly withoutRequirements?: 'refuse' | 'accept';
}

export interface MatchSide {
  /** Whether this ad accepts the other. */
  readonly accepts: boolean;
  /** `Requirements` with this ad as MY and the other as TARGET. */
  readonly requirements: Value;
  /** `Rank`, evaluated in the same way; 0 when it is no number. */
  readonly rank: number;
}

export interface Match {
  /** Both accept. */
  readonly matched: boolean;
  readonly left: MatchSide;
  readonly right: MatchSide;
}

/** Two-sided matching: each ad's `Requirements` and `Rank`, evaluated against the other (HTCondor's MatchClassAd). */
export function matchAds(left: ClassAd, right: ClassAd, options: MatchOptions = {}): Match {
  const leftSide = side(left, right, options);
  const rightSide = side(right, left, options);
  return { matched: leftSide.accepts && rightSide.accepts, left: leftSide, right: rightSide };
}

function side(my: ClassAd, target: ClassAd, options: MatchOptions): MatchSide {
  const requirements = evaluateAttribute(my, 'Requirements', { ...options, target });
  const unconditional = options.withoutRequirements === 'accept' && !my.has('Requirements');
  return {
    accepts: unconditional || isTrue(requirements),
    requirements,
    rank: rankOf(evaluateAttribute(my, 'Rank', { ...options, target })),
  };
}

/** Returns a rank as a number to sort by: booleans count as 0 and 1, anything else that is no finite number as 0. */
export function rankOf(value: Value): number {
  switch (value.kind) {
    case 'integer':
      return Number(value.value);
    case 'real':
      return Number.isFinite(value.value) ? value.value : 0;
    case 'boolean':
      return value.value ? 1 : 0;
    default:
      return 0;
  }
}
