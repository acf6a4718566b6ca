import type { Node, Value } from './ast.ts';
import { type EvaluationContext, evaluate } from './evaluate.ts';
import { Expression } from './expression.ts';
import { childrenOf } from './references.ts';
import { parseExpression } from './text/parser.ts';
import { isTrue } from './value.ts';

export interface Condition {
  /** The conjunct as text, without parentheses around it. */
  readonly text: string;
  readonly value: Value;
  readonly holds: boolean;
  /**
   * Each attribute that the condition names, in order, with its value, so that people see the limit and the actual
   * figure.
   */
  readonly references: readonly { readonly text: string; readonly value: Value }[];
}

/**
 * Explains why an ad does or does not satisfy requirements: splits them at the outermost `&&` and gives the value of
 * each condition (as `condor_q -better-analyze` does). The requirements hold when every condition holds.
 */
export function explainRequirements(requirements: Expression | string, context: EvaluationContext): Condition[] {
  return [...conditionsOf(requirements, context)];
}

/** As {@link explainRequirements}, one condition after another: each may cost as much as an evaluation may. */
export function* conditionsOf(
  requirements: Expression | string,
  context: EvaluationContext,
): Generator<Condition, undefined> {
  const { node } = typeof requirements === 'string' ? parseExpression(requirements) : requirements;
  for (const conjunct of conjunctsOf(node)) {
    const expression = new Expression(conjunct);
    const value = evaluate(expression, context);
    const references = referencesIn(conjunct).map((reference) => ({
      text: reference.toString(),
      value: evaluate(reference, context),
    }));
    yield { text: expression.toString().trim(), value, holds: isTrue(value), references };
  }
}

/** Uses a work list instead of recursion: there can be more conditions than the call stack holds. */
function conjunctsOf(node: Node): Node[] {
  const conjuncts: Node[] = [];
  const pending = [node];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.kind === 'group') {
      pending.push(next.inner);
    } else if (next.kind === 'binary' && next.operator === '&&') {
      pending.push(next.right, next.left);
    } else {
      conjuncts.push(next);
    }
  }
  return conjuncts;
}

/**
 * Returns each reference once, and only the outermost selection: `TARGET.Disk.Free`, not also `TARGET.Disk`. Nested ads
 * are left out.
 */
function referencesIn(node: Node): Expression[] {
  const found = new Map<string, Expression>();
  const pending = [node];
  for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
    if (part.kind === 'reference') {
      const reference = new Expression(part);
      found.set(reference.toString().toLowerCase(), reference);
    } else {
      for (const child of childrenOf(part).toReversed()) {
        pending.push(child);
      }
    }
  }
  return [...found.values()];
}
