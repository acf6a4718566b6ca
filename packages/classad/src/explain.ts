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
  /** Each attribute the condition names, in order, with its value: the limit and the actual figure. */
  readonly references: readonly { readonly text: string; readonly value: Value }[];
}

/**
 * Why an ad does or does not satisfy requirements: the conditions joined by the outermost `&&`, each with its own
 * value (the idea of `condor_q -better-analyze`). The requirements hold when every condition does.
 */
export function explainRequirements(requirements: Expression | string, context: EvaluationContext): Condition[] {
  const { node } = typeof requirements === 'string' ? parseExpression(requirements) : requirements;
  return conjunctsOf(node).map((conjunct) => {
    const expression = new Expression(conjunct);
    const value = evaluate(expression, context);
    const references = referencesIn(conjunct).map((reference) => ({
      text: reference.toString(),
      value: evaluate(reference, context),
    }));
    return { text: expression.toString().trim(), value, holds: isTrue(value), references };
  });
}

/** A list of work, not recursion: there can be more conjuncts than the call stack holds. */
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

/** Each once, outermost selection only: `TARGET.Disk.Free`, not `TARGET.Disk` as well. Nested ads are not entered. */
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
