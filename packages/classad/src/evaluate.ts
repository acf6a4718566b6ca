import type { Ad, Value } from './ast.ts';
import type { ClassAd } from './class-ad.ts';
import { Evaluation } from './evaluation.ts';
import type { Expression } from './expression.ts';
import { findFunction } from './functions/table.ts';
import { defaultLimits, type EvaluationLimits, type StepBudget } from './limits.ts';
import { matchScopes } from './scope.ts';
import { parseExpression } from './text/parser.ts';
import { undefinedValue } from './value.ts';

/** What does not depend on the ads. All of it is optional, and evaluation is pure: same input, same value. */
export interface EvaluationOptions {
  /** The clock for `time()` and its kin, which are undefined without it. */
  readonly now?: Date;
  /** From 0 up to 1; `random()` is undefined without it. */
  readonly random?: () => number;
  /** Seconds east of Greenwich for local times; 0 unless given. */
  readonly localOffsetSeconds?: number;
  readonly limits?: Partial<EvaluationLimits>;
  /** Past it the value is an error, as past `limits.maxSteps`. */
  readonly budget?: StepBudget | undefined;
}

export interface EvaluationContext extends EvaluationOptions {
  /** MY: where names without prefix are looked up first. */
  readonly my?: Ad;
  /** TARGET: where they are looked up next. */
  readonly target?: Ad;
  /** Further ads by name, reached only with it: `scopes: { PLAN: ad }` for `PLAN.ExpectedSeconds`. */
  readonly scopes?: { readonly [name: string]: Ad };
}

/**
 * An evaluation with a budget of its own, or what is left of one that is shared, and every function of the language.
 */
export function newEvaluation(options: EvaluationOptions): Evaluation {
  const { now, random, localOffsetSeconds = 0, budget } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const maxSteps = Math.min(limits.maxSteps, budget?.left ?? limits.maxSteps);
  return new Evaluation({ now, random, localOffsetSeconds, limits: { ...limits, maxSteps } }, findFunction);
}

/**
 * The value of an expression (text is parsed first, and may throw ClassAdSyntaxError). Evaluation itself never throws:
 * what has no value is undefined, what makes no sense or exceeds a limit is an error, with a reason for people.
 */
export function evaluate(expression: Expression | string, context: EvaluationContext = {}): Value {
  const { node } = typeof expression === 'string' ? parseExpression(expression) : expression;
  const scope = matchScopes(context.my, context.target, context.scopes ?? {});
  const evaluation = newEvaluation(context);
  const value = evaluation.run(node, scope);
  if (context.budget) context.budget.left -= evaluation.stepsMade;
  return value;
}

/** The value of an attribute of `my`; undefined where it has none so called. */
export function evaluateAttribute(my: ClassAd, name: string, context: EvaluationContext = {}): Value {
  const expression = my.get(name);
  return expression === undefined ? undefinedValue : evaluate(expression, { ...context, my });
}
