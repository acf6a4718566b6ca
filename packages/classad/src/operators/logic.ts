import type { Value } from '../ast.ts';
import { booleanValue, errorValue, truthOf } from '../value.ts';

/** The operand as a logical value: a boolean (numbers count), undefined, or error for anything else. */
function logical(value: Value): Value {
  if (value.kind === 'undefined' || value.kind === 'error') {
    return value;
  }
  const truth = truthOf(value);
  return truth === undefined ? errorValue(`a ${value.kind} is neither true nor false`) : booleanValue(truth);
}

/**
 * `&&` and `||`; the right side is evaluated only when needed. `dominant` (false for `&&`, true for `||`) on either
 * side wins over undefined. An error wins unless `dominant` came before it.
 */
export function connective(dominant: boolean, left: Value, evaluateRight: () => Value): Value {
  const a = logical(left);
  if (a.kind === 'error' || (a.kind === 'boolean' && a.value === dominant)) {
    return a;
  }
  const b = logical(evaluateRight());
  if (a.kind === 'boolean' || b.kind !== 'boolean') {
    return b;
  }
  return b.value === dominant ? b : a;
}

export function not(value: Value): Value {
  const operand = logical(value);
  return operand.kind === 'boolean' ? booleanValue(!operand.value) : operand;
}
