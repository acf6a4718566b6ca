import type { ErrorValue, IntegerValue, RealValue, StringValue, UndefinedValue, Value } from './ast.ts';
import { leadingNumber } from './text/real-text.ts';
import { absoluteTimeText, relativeTimeText } from './text/time-text.ts';
import { unparseValue } from './text/unparse.ts';
import { errorValue, integerValue, realValue, stringValue } from './value.ts';

/** Truncates a real to an integer; returns the error value when it does not fit 64 bits. */
export function truncated(value: number): IntegerValue | ErrorValue {
  const fits = value >= -(2 ** 63) && value < 2 ** 63;
  return fits ? integerValue(Math.trunc(value)) : errorValue('real does not fit an integer');
}

/** `int()`. Undefined stays undefined, as in HTCondor's code; its manual says error. */
export function toInteger(value: Value): IntegerValue | UndefinedValue | ErrorValue {
  switch (value.kind) {
    case 'integer':
      return value;
    case 'string': {
      const number = leadingNumber(value.value);
      return number === undefined ? errorValue('text is no number') : truncated(number);
    }
    case 'boolean':
      return integerValue(value.value ? 1 : 0);
    case 'real':
      return truncated(value.value);
    case 'absoluteTime':
    case 'relativeTime':
      return truncated(value.seconds);
    case 'undefined':
      return value;
    case 'error':
      return value;
    default:
      return errorValue(`a ${value.kind} is no number`);
  }
}

/** `real()`. */
export function toReal(value: Value): RealValue | UndefinedValue | ErrorValue {
  switch (value.kind) {
    case 'real':
      return value;
    case 'string': {
      const number = leadingNumber(value.value);
      return number === undefined ? errorValue('text is no number') : realValue(number);
    }
    case 'boolean':
      return realValue(value.value ? 1 : 0);
    case 'integer':
      return realValue(Number(value.value));
    case 'absoluteTime':
    case 'relativeTime':
      return realValue(value.seconds);
    case 'undefined':
    case 'error':
      return value;
    default:
      return errorValue(`a ${value.kind} is no number`);
  }
}

/** `string()`. A string stays as it is; any other value becomes its source text. */
export function toText(value: Value, limit: number): StringValue | UndefinedValue | ErrorValue {
  switch (value.kind) {
    case 'string':
    case 'undefined':
    case 'error':
      return value;
    case 'absoluteTime':
      return stringValue(absoluteTimeText(value));
    case 'relativeTime':
      return stringValue(relativeTimeText(value));
    default:
      return stringValue(unparseValue(value, limit));
  }
}
