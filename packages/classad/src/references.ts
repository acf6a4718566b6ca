import type { Node } from './ast.ts';

/** Returns the direct parts of a node. Expressions inside a nested ad are left out, because they see other names. */
export function childrenOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'literal':
    case 'ad':
      return [];
    case 'reference':
      return node.of === undefined ? [] : [node.of];
    case 'group':
      return [node.inner];
    case 'unary':
      return [node.operand];
    case 'binary':
      return [node.left, node.right];
    case 'conditional':
      return [node.test, node.yes, node.no];
    case 'subscript':
      return [node.of, node.index];
    case 'call':
      return node.args;
    case 'list':
      return node.items;
  }
}
