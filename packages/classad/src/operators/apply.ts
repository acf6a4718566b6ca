import type { BinaryOperator, UnaryOperator, Value } from '../ast.ts';
import { errorValue, isExceptional } from '../value.ts';
import { arithmetic, negative } from './arithmetic.ts';
import { bitwise, bitwiseNot } from './bitwise.ts';
import { compare, compareIdentity } from './compare.ts';
import { not } from './logic.ts';

/** The binary operators that always need both operands. */
export type EagerOperator = Exclude<BinaryOperator, '&&' | '||' | '?:'>;

/** Applies a strict operator: an error wins over undefined. Only `=?=` and `=!=` take any value as it is. */
export function applyBinary(operator: EagerOperator, left: Value, right: Value): Value {
  if (operator === '=?=' || operator === '=!=') {
    return compareIdentity(operator, left, right);
  }
  if (isExceptional(left) || isExceptional(right)) {
    return strictResult([left, right]);
  }
  switch (operator) {
    case '<':
    case '<=':
    case '==':
    case '!=':
    case '>=':
    case '>':
      return compare(operator, left, right);
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
      return arithmetic(operator, left, right);
    default:
      return bitwise(operator, left, right);
  }
}

/** The first error among the operands, else undefined: what a strict operator gives. */
export function strictResult(operands: readonly Value[]): Value {
  return operands.find((operand) => operand.kind === 'error') ?? { kind: 'undefined' };
}

export function applyUnary(operator: UnaryOperator, operand: Value): Value {
  if (operator === '!') {
    return not(operand);
  }
  if (isExceptional(operand)) {
    return operand;
  }
  switch (operator) {
    case '-':
      return negative(operand);
    case '~':
      return bitwiseNot(operand);
    case '+': {
      const numeric = operand.kind === 'integer' || operand.kind === 'real' || operand.kind === 'relativeTime';
      return numeric ? operand : errorValue(`+ takes a number, not a ${operand.kind}`);
    }
  }
}
