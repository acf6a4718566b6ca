/** Why a plant does not meet what a client requires. */
import {
  type Condition,
  conditionsOf,
  type EvaluationContext,
  type Expression,
  isTrue,
  unparse,
  type Value,
} from '@vmgrid/classad';
import { clientValue, type FailedCondition, requireWithinBudget } from '@vmgrid/protocol';
import { MARKET_LIMITS } from '../limits.ts';

export interface Unmet {
  readonly reason: string;
  readonly conditions: FailedCondition[];
}

/**
 * Steps to why a bid does not meet what is wanted; undefined when it does. Each step may cost as much as an evaluation
 * may. @throws GridError EXPRESSION_TOO_COSTLY
 */
export function* failedRequirements(
  wanted: Expression,
  seen: EvaluationContext,
): Generator<undefined, Unmet | undefined> {
  if (isTrue(clientValue(wanted, seen))) return undefined;
  yield;
  const failed: Condition[] = [];
  for (const condition of conditionsOf(wanted, seen)) {
    requireWithinBudget(seen);
    if (!condition.holds && failed.length < MARKET_LIMITS.conditionsNamed) failed.push(condition);
    yield;
  }
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
