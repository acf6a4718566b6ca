import type { BinaryOperator } from '../ast.ts';

/** Loosest first. The elvis operator `?:` is no level here: HTCondor binds it as tightly as a subscript. */
const levels: readonly (readonly BinaryOperator[])[] = [
  ['||'],
  ['&&'],
  ['|'],
  ['^'],
  ['&'],
  ['==', '!=', '=?=', '=!='],
  ['<', '<=', '>', '>='],
  ['<<', '>>', '>>>'],
  ['+', '-'],
  ['*', '/', '%'],
];

/** How tightly an operator binds, from 0. Only binary operators between unary expressions have a level. */
export const levelOf: ReadonlyMap<string, number> = new Map(
  levels.flatMap((operators, level) => operators.map((operator) => [operator, level] as const)),
);
