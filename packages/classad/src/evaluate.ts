import type { Ad, Value } from './ast.ts';
import type { ClassAd } from './class-ad.ts';
import { Evaluation } from './evaluation.ts';
import type { Expression } from './expression.ts';
import { findFunction } from './functions/table.ts';
import { defaultLimits, type EvaluationLimits, type StepBudget } from './limits.ts';
import { matchScopes } from './scope.ts';
import { parseExpression } from './text/parser.ts';
import { undefinedValue } from './value.ts';

/** Inputs of an evaluation besides the ads, all optional. Evaluation is pure: the same input gives the same value. */
export interface EvaluationOptions {
  /** The clock for `time()` and related functions, which are undefined without it. */
  readonly now?: Date;
  /** Returns numbers from 0 up to, but not including, 1. Without it `random()` is undefined. */
  readonly random?: () => number;
  /** Seconds east of Greenwich for local times; 0 unless given. */
  readonly localOffsetSeconds?: number;
  readonly limits?: Partial<EvaluationLimits>;
  /**
   * A budget shared with other evaluations. When it is used up the value is an error, as when `limits.maxSteps` is
   * passed.
   */
  readonly budget?: StepBudget | undefined;
}

export interface EvaluationContext extends EvaluationOptions {
  /** MY: names without prefix are looked up here first. */
  readonly my?: Ad;
  /** TARGET: names without prefix are looked up here next. */
  readonly target?: Ad;
  /** Further ads, reached only by their names: `scopes: { PLAN: ad }` for `PLAN.ExpectedSeconds`. */
  readonly scopes?: { readonly [name: string]: Ad };
}

/** Begins an evaluation with every function of the language, and with its own budget or the rest of a shared one. */
export function newEvaluation(options: EvaluationOptions): Evaluation {
  const { now, random, localOffsetSeconds = 0, budget } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const maxSteps = Math.min(limits.maxSteps, budget?.left ?? limits.maxSteps);
  return new Evaluation({ now, random, localOffsetSeconds, limits: { ...limits, maxSteps } }, findFunction);
}

/**
 * Evaluates an expression. Text is parsed first, which may throw ClassAdSyntaxError; the evaluation itself never
 * throws. The result is undefined where a name has no value, and an error with a reason for people where the expression
 * makes no sense or exceeds a limit.
 */
export function evaluate(expression: Expression | string, context: EvaluationContext = {}): Value {
  const { node } = typeof expression === 'string' ? parseExpression(expression) : expression;
  const scope = matchScopes(context.my, context.target, context.scopes ?? {});
  const evaluation = newEvaluation(context);
  const value = evaluation.run(node, scope);
  if (context.budget) context.budget.left -= evaluation.stepsMade;
  return value;
}

/** Evaluates an attribute of `my`; undefined when `my` has no such attribute. */
export function evaluateAttribute(my: ClassAd, name: string, context: EvaluationContext = {}): Value {
  const expression = my.get(name);
  return expression === undefined ? undefinedValue : evaluate(expression, { ...context, my });
}
