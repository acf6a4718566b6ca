import type { BinaryOperator } from '../ast.ts';

/** Loosest first. `?:` between two operands (elvis) is no level here: HTCondor binds it as tightly as a subscript. */
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

/** How tightly an operator binds, from 0; no level for what is no binary operator between unary expressions. */
export const levelOf: ReadonlyMap<string, number> = new Map(
  levels.flatMap((operators, level) => operators.map((operator) => [operator, level] as const)),
);
