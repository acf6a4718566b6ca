import { type Condition, evaluate, explainRequirements, isTrue, unparse, type Value } from '@vmgrid/classad';
import { MARKET_LIMITS } from '../limits.ts';
import type { FilterRule } from './rule.ts';

/** Takes out plants for which the request's `requirements` are anything but true. */
export const requirements: FilterRule = {
  name: 'requirements',
  why: 'The client says which plants will do.',
  removals(bids, context) {
    const wanted = context.requirements;
    if (!wanted) return [];
    return bids
      .filter((bid) => !bid.holds && !isTrue(evaluate(wanted, context.evaluation(bid))))
      .map((bid) => ({ bid, reason: reasonOf(explainRequirements(wanted, context.evaluation(bid))) }));
  },
};

function reasonOf(conditions: readonly Condition[]): string {
  const reason = conditions
    .filter(({ holds }) => !holds)
    .map(conditionText)
    .join('; ');
  return reason.length > MARKET_LIMITS.reasonChars ? `${reason.slice(0, MARKET_LIMITS.reasonChars - 1)}…` : reason;
}

function conditionText({ text, value, references }: Condition): string {
  const values = references.map((reference) => `${reference.text} = ${unparse(reference.value)}`);
  return `${text} is ${valueText(value)}${values.length > 0 ? ` (${values.join(', ')})` : ''}`;
}

const valueText = (value: Value): string =>
  value.kind === 'error' && value.reason !== undefined ? `error: ${value.reason}` : unparse(value);
