import type { ClassAd } from './class-ad.ts';
import { unparseNode } from './unparse.ts';
import type { LiteralValue } from './value.ts';

export type UnaryOperator = '+' | '-' | '!' | '~';
export type BinaryOperator =
  | '?:'
  | '||'
  | '&&'
  | '|'
  | '^'
  | '&'
  | '=='
  | '!='
  | '=?='
  | '=!='
  | '<'
  | '<='
  | '>'
  | '>='
  | '<<'
  | '>>'
  | '>>>'
  | '+'
  | '-'
  | '*'
  | '/'
  | '%';

/** The syntax tree. Parentheses are kept (`group`) so that text round-trips and no printer needs precedences. */
export type Node =
  | { readonly kind: 'literal'; readonly value: LiteralValue }
  | { readonly kind: 'reference'; readonly of?: Node; readonly name: string; readonly absolute: boolean }
  | { readonly kind: 'group'; readonly inner: Node }
  | { readonly kind: 'unary'; readonly operator: UnaryOperator; readonly operand: Node }
  | { readonly kind: 'binary'; readonly operator: BinaryOperator; readonly left: Node; readonly right: Node }
  | { readonly kind: 'conditional'; readonly test: Node; readonly yes: Node; readonly no: Node }
  | { readonly kind: 'subscript'; readonly of: Node; readonly index: Node }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Node[] }
  | { readonly kind: 'list'; readonly items: readonly Node[] }
  | { readonly kind: 'ad'; readonly ad: ClassAd };

/** A parsed ClassAd expression: immutable, safe to share between ads and to evaluate any number of times. */
export class Expression {
  readonly node: Node;

  constructor(node: Node) {
    this.node = node;
  }

  /** An expression that is just this value, e.g. `Expression.literal(realValue(5))` for the real 5.0. */
  static literal(value: LiteralValue): Expression {
    return new Expression({ kind: 'literal', value });
  }

  /** HTCondor's new-ClassAd text. */
  toString(): string {
    return unparseNode(this.node);
  }
}
