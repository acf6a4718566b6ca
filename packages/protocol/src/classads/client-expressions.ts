/** What clients write to choose by: it is worked out for every plant or VM, so all of them together have one budget. */
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

/** How the expressions of one request are worked out for so many plants or VMs. */
export function clientEvaluation(candidates: number, limits = EXPRESSION_LIMITS): EvaluationOptions {
  const { steps, stepsOfCandidate, stepsAtOnce } = limits;
  return { limits: { maxSteps: stepsAtOnce }, budget: new StepBudget(steps + candidates * stepsOfCandidate) };
}

/**
 * The value of a client's expression. @throws GridError EXPRESSION_TOO_COSTLY when that, or what was before, took all
 * of the budget
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

/** Which of so many ads make a constraint true. What is returned throws GridError EXPRESSION_TOO_COSTLY */
export function meeting(constraint: string, candidates: number): (ad: ClassAd) => boolean {
  const expression = parseExpression(constraint);
  const options = { ...clientEvaluation(candidates), now: new Date() };
  return (my) => isTrue(clientValue(expression, { ...options, my }));
}
