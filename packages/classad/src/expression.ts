import type { LiteralValue, Node } from './ast.ts';
import { unparseNode } from './text/unparse.ts';

/** A parsed ClassAd expression: immutable, safe to share between ads and to evaluate any number of times. */
export class Expression {
  readonly node: Node;

  constructor(node: Node) {
    this.node = node;
  }

  /** Makes an expression of a single value, such as `Expression.literal(realValue(5))` for the real 5.0. */
  static literal(value: LiteralValue): Expression {
    return new Expression({ kind: 'literal', value });
  }

  /** HTCondor's new-ClassAd text. */
  toString(): string {
    return unparseNode(this.node);
  }
}
