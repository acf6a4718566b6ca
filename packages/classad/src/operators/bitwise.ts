import type { Value } from '../ast.ts';
import { errorValue, integerValue } from '../value.ts';

export type BitwiseOperator = '|' | '^' | '&' | '<<' | '>>' | '>>>';

/** On 64-bit integers only. A shift by a negative number is an error; by 64 or more it shifts everything out. */
export function bitwise(operator: BitwiseOperator, left: Value, right: Value): Value {
  if (left.kind !== 'integer' || right.kind !== 'integer') {
    return errorValue(`${operator} takes integers, not a ${left.kind} and a ${right.kind}`);
  }
  const [a, b] = [left.value, right.value];
  switch (operator) {
    case '|':
      return integerValue(a | b);
    case '^':
      return integerValue(a ^ b);
    case '&':
      return integerValue(a & b);
    case '<<':
    case '>>':
    case '>>>':
      return b < 0n ? errorValue('shift by a negative number') : integerValue(shifted(operator, a, b > 64n ? 64n : b));
  }
}

function shifted(operator: '<<' | '>>' | '>>>', a: bigint, by: bigint): bigint {
  switch (operator) {
    case '<<':
      return a << by;
    case '>>':
      return a >> by;
    case '>>>':
      return BigInt.asUintN(64, a) >> by;
  }
}

export function bitwiseNot(value: Value): Value {
  return value.kind === 'integer' ? integerValue(~value.value) : errorValue(`~ takes an integer, not a ${value.kind}`);
}
