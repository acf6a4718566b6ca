import { foldCase } from '../ascii-case.ts';
import type { Node, Scope, Value } from '../ast.ts';
import type { Evaluation } from '../evaluation.ts';
import type { Expression } from '../expression.ts';
import { childrenOf } from '../references.ts';
import { type Found, lookUp, lookUpOwn, nestedScope, rootOf, scopeOf } from '../scope.ts';
import { unparseNode } from '../text/unparse.ts';
import { booleanValue, errorValue, stringValue, undefinedValue } from '../value.ts';
import { type FunctionCall, type FunctionTable, wrongCount } from './function.ts';
import { PreparedPattern, prepared } from './patterns.ts';

/** Collects the names that no scope resolves, and follows those that some scope does. */
class ReferenceSearch {
  readonly #evaluation: Evaluation;
  readonly #names = new Map<string, string>();
  readonly #seen = new Set<Expression>();
  /** A work list instead of recursion: a long chain of attributes must not fill the call stack. */
  readonly #pending: { readonly node: Node; readonly scope: Scope }[] = [];

  constructor(evaluation: Evaluation) {
    this.#evaluation = evaluation;
  }

  namesFrom(node: Node, scope: Scope): string[] {
    this.#pending.push({ node, scope });
    for (let next = this.#pending.pop(); next !== undefined; next = this.#pending.pop()) {
      this.#evaluation.spend(1);
      this.#visit(next.node, next.scope);
    }
    return [...this.#names].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, name]) => name);
  }

  #visit(node: Node, scope: Scope): void {
    if (node.kind === 'reference') {
      this.#reference(node, scope);
    } else if (node.kind === 'ad') {
      const inner = nestedScope(node.ad, scope);
      for (const [, expression] of node.ad.entries()) {
        this.#pending.push({ node: expression.node, scope: inner });
      }
    } else {
      for (const child of childrenOf(node)) {
        this.#pending.push({ node: child, scope });
      }
    }
  }

  #reference(node: Node & { kind: 'reference' }, scope: Scope): void {
    if (node.of === undefined) {
      this.#follow(node.name, node.absolute ? lookUpOwn(node.name, rootOf(scope)) : lookUp(node.name, scope));
      return;
    }
    const of = this.#evaluation.evaluate(node.of, scope);
    if (of.kind === 'undefined') {
      this.#add(unparseNode(node, this.#evaluation.world.limits.maxStringLength).replace(/^target\./i, ''));
    } else if (of.kind === 'classad') {
      this.#follow(node.name, lookUp(node.name, scopeOf(of)));
    }
  }

  #follow(name: string, found: Found | undefined): void {
    if (found === undefined) {
      this.#add(name);
    } else if (found.kind === 'expression' && !this.#seen.has(found.expression)) {
      this.#seen.add(found.expression);
      this.#pending.push({ node: found.expression.node, scope: found.scope });
    }
  }

  #add(name: string): void {
    const key = foldCase(name);
    this.#names.set(key, this.#names.get(key) ?? name);
  }
}

/**
 * `unresolved(attr)` names the attributes that attr's expression needs from other ads; with a pattern, whether one of
 * them matches.
 */
function unresolved(call: FunctionCall): Value {
  const { args, evaluation, scope } = call;
  const [node, patternNode] = args;
  if (node?.kind !== 'reference') {
    return errorValue('unresolved takes an attribute name');
  }
  const found = evaluation.findExpression(node, scope);
  if (found === undefined) {
    return undefinedValue;
  }
  const names = new ReferenceSearch(evaluation).namesFrom(found.expression.node, found.scope);
  if (patternNode === undefined) {
    return stringValue(names.join(','));
  }
  const source = evaluation.evaluate(patternNode, scope);
  const pattern = source.kind === 'string' ? prepared(source.value, 'i', evaluation) : errorValue('expected a pattern');
  return pattern instanceof PreparedPattern ? booleanValue(names.some((name) => pattern.found(name))) : pattern;
}

export const unresolvedFunctions: FunctionTable = {
  unresolved: (call) => wrongCount(call, 1, 2) ?? unresolved(call),
};
