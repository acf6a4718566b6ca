import { type EvaluationContext, evaluate } from './evaluate.ts';
import { Expression, type Node } from './expression.ts';
import { parseExpression } from './parser.ts';
import { childrenOf } from './references.ts';
import { isTrue, type Value } from './value.ts';

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

function conjunctsOf(node: Node): Node[] {
  if (node.kind === 'group') {
    return conjunctsOf(node.inner);
  }
  const conjunction = node.kind === 'binary' && node.operator === '&&';
  return conjunction ? [...conjunctsOf(node.left), ...conjunctsOf(node.right)] : [node];
}

/** Each once, outermost selection only: `TARGET.Disk.Free`, not `TARGET.Disk` as well. Nested ads are not entered. */
function referencesIn(node: Node): Expression[] {
  const found = new Map<string, Expression>();
  const visit = (part: Node): void => {
    if (part.kind === 'reference') {
      const reference = new Expression(part);
      found.set(reference.toString().toLowerCase(), reference);
    } else {
      childrenOf(part).forEach(visit);
    }
  };
  visit(node);
  return [...found.values()];
}
