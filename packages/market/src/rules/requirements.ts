import {
  type Condition,
  type EvaluationContext,
  type Expression,
  evaluate,
  explainRequirements,
  isTrue,
  unparse,
  type Value,
} from '@vmgrid/classad';
import type { FailedCondition } from '@vmgrid/protocol';
import { MARKET_LIMITS } from '../limits.ts';
import type { FilterRule } from './rule.ts';

/** Takes out plants for which the request's `requirements` are anything but true. */
export const requirements: FilterRule = {
  name: 'requirements',
  why: 'The client says which plants will do.',
  removals(bids, context) {
    const wanted = context.requirements;
    if (!wanted) return [];
    return bids.flatMap((bid) => {
      const failed = bid.holds ? undefined : failedRequirements(wanted, context.evaluation(bid));
      return failed ? [{ bid, ...failed }] : [];
    });
  },
};

/** Why a bid does not meet what is wanted; undefined when it does. */
export function failedRequirements(
  wanted: Expression,
  seen: EvaluationContext,
): { readonly reason: string; readonly conditions: FailedCondition[] } | undefined {
  if (isTrue(evaluate(wanted, seen))) return undefined;
  const failed = explainRequirements(wanted, seen).filter(({ holds }) => !holds);
  return { reason: reasonOf(failed), conditions: failed.map(failedCondition) };
}

function reasonOf(failed: readonly Condition[]): string {
  return shortened(failed.map(conditionText).join('; '));
}

function conditionText({ text, value, references }: Condition): string {
  const values = references.map((reference) => `${reference.text} = ${unparse(reference.value)}`);
  return `${text} is ${valueText(value)}${values.length > 0 ? ` (${values.join(', ')})` : ''}`;
}

const failedCondition = ({ text, value, references }: Condition): FailedCondition => ({
  text,
  value: shortened(valueText(value)),
  references: Object.fromEntries(references.map((one) => [one.text, shortened(unparse(one.value))])),
});

const valueText = (value: Value): string =>
  value.kind === 'error' && value.reason !== undefined ? `error: ${value.reason}` : unparse(value);

const shortened = (text: string): string =>
  text.length > MARKET_LIMITS.reasonChars ? `${text.slice(0, MARKET_LIMITS.reasonChars - 1)}…` : text;
