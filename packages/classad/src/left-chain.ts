import type { Node } from './ast.ts';

export type BinaryNode = Node & { readonly kind: 'binary' };

/**
 * `a && b && c` is a tree that leans left and is as deep as it has operators. Returns its first operand, then its
 * operations from the innermost on. A loop over them needs no call stack, so only other nesting counts as depth.
 */
export function leftChain(node: BinaryNode): { readonly first: Node; readonly operations: readonly BinaryNode[] } {
  const operations: BinaryNode[] = [];
  let first: Node = node;
  while (first.kind === 'binary') {
    operations.push(first);
    first = first.left;
  }
  return { first, operations: operations.reverse() };
}
