/**
 * Evaluates the expressions that clients choose by. They are evaluated for every plant or VM, so all of them share one
 * budget.
 */
import {
  type ClassAd,
  type EvaluationContext,
  type EvaluationOptions,
  type Expression,
  evaluate,
  isTrue,
  parseExpression,
  StepBudget,
  type Value,
} from '@vmgrid/classad';
import { GridError } from '../errors/grid-error.ts';
import { EXPRESSION_LIMITS } from '../limits.ts';

/** Makes the context in which the expressions of one request are evaluated for this many plants or VMs. */
export function clientEvaluation(candidates: number, limits = EXPRESSION_LIMITS): EvaluationOptions {
  const { steps, stepsOfCandidate, stepsAtOnce } = limits;
  return { limits: { maxSteps: stepsAtOnce }, budget: new StepBudget(steps + candidates * stepsOfCandidate) };
}

/**
 * Evaluates a client's expression. @throws GridError EXPRESSION_TOO_COSTLY when this evaluation, or those before it,
 * used up the budget
 */
export function clientValue(expression: Expression, context: EvaluationContext): Value {
  const value = evaluate(expression, context);
  requireWithinBudget(context);
  return value;
}

/** @throws GridError EXPRESSION_TOO_COSTLY */
export function requireWithinBudget({ budget }: Pick<EvaluationContext, 'budget'>): void {
  if (budget === undefined || budget.left > 0) return;
  const { steps } = budget;
  throw new GridError('EXPRESSION_TOO_COSTLY', `the expressions took more than ${steps} steps`, { steps });
}

/**
 * Returns a test of whether an ad makes the constraint true, for this many ads. The test throws GridError
 * EXPRESSION_TOO_COSTLY.
 */
export function meeting(constraint: string, candidates: number): (ad: ClassAd) => boolean {
  const expression = parseExpression(constraint);
  const options = { ...clientEvaluation(candidates), now: new Date() };
  return (my) => isTrue(clientValue(expression, { ...options, my }));
}
