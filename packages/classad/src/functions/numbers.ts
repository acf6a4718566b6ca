import { foldCase } from '../ascii-case.ts';
import type { Value } from '../ast.ts';
import { toInteger, toReal, truncated } from '../convert.ts';
import { applyBinary } from '../operators/apply.ts';
import {
  booleanValue,
  errorValue,
  falseValue,
  integerValue,
  realValue,
  trueValue,
  truthOf,
  undefinedValue,
} from '../value.ts';
import { argument, type ClassAdFunction, eager, type FunctionTable } from './function.ts';

function toBoolean(value: Value): Value {
  switch (value.kind) {
    case 'undefined':
    case 'boolean':
      return value;
    case 'string': {
      const folded = foldCase(value.value);
      return folded === 'true' ? trueValue : folded === 'false' ? falseValue : undefinedValue;
    }
    case 'relativeTime':
      return booleanValue(value.seconds !== 0);
    default: {
      const truth = truthOf(value);
      return truth === undefined ? errorValue(`a ${value.kind} is no boolean`) : booleanValue(truth);
    }
  }
}

function rounding(round: (value: number) => number): ClassAdFunction {
  return eager(1, 1, (args) => {
    const value = argument(args, 0);
    if (value.kind === 'integer') {
      return value;
    }
    const real = toReal(value);
    return real.kind === 'real' ? truncated(round(real.value)) : errorValue(`a ${value.kind} cannot be rounded`);
  });
}

/** C's rint: halves go to the even neighbour. */
function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) {
    return Math.round(value);
  }
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Exact on integers; a power that does not fit into 64 bits is an error. */
function integerPower(base: bigint, exponent: bigint): Value {
  const small = base >= -1n && base <= 1n;
  if (!small && exponent > 63n) {
    return errorValue('power does not fit an integer');
  }
  const power = base ** (small ? (exponent % 2n === 0n && exponent > 0n ? 2n : exponent % 2n) : exponent);
  return BigInt.asIntN(64, power) === power ? integerValue(power) : errorValue('power does not fit an integer');
}

const pow = eager(2, 2, (args) => {
  const [base, exponent] = [argument(args, 0), argument(args, 1)];
  if (base.kind === 'integer' && exponent.kind === 'integer' && exponent.value >= 0n) {
    return integerPower(base.value, exponent.value);
  }
  const [realBase, realExponent] = [toReal(base), toReal(exponent)];
  if (realBase.kind !== 'real' || realExponent.kind !== 'real') {
    return errorValue('pow takes numbers');
  }
  return realValue(realBase.value ** realExponent.value);
});

/**
 * Rounds `value` up to the next multiple of `step`. The result has the type of `step`; a step of 0 leaves `value`
 * unchanged.
 */
function upToMultiple(value: Value, step: Value): Value {
  const [size, stepSize] = [toReal(value), toReal(step)];
  if (size.kind !== 'real' || stepSize.kind !== 'real') {
    return errorValue('quantize takes numbers');
  }
  if (value.kind === 'integer' && step.kind === 'integer') {
    const multiple = step.value === 0n ? value : applyBinary('/', integerValue(value.value + step.value - 1n), step);
    return step.value === 0n ? value : applyBinary('*', multiple, step);
  }
  const nothing = step.kind === 'integer' ? step.value === 0n : Math.abs(stepSize.value) <= 1e-8;
  return nothing ? value : realValue(Math.ceil(size.value / stepSize.value) * stepSize.value);
}

const quantize = eager(2, 2, (args, evaluation) => {
  const [value, step] = [argument(args, 0), argument(args, 1)];
  const size = toReal(value);
  if (size.kind !== 'real') {
    return errorValue('quantize takes numbers');
  }
  if (step.kind !== 'list') {
    return upToMultiple(value, step);
  }
  evaluation.spend(step.items.length);
  for (const item of step.items) {
    const bound = toReal(item);
    if (bound.kind !== 'real') {
      return errorValue('quantize takes numbers');
    }
    if (bound.value >= size.value) {
      return item;
    }
  }
  return upToMultiple(value, step.items.at(-1) ?? realValue(0));
});

/** Undefined where the caller gave no source of randomness. */
const random = eager(0, 1, (args, evaluation) => {
  const below = args.length === 0 ? realValue(1) : argument(args, 0);
  if ((below.kind !== 'integer' && below.kind !== 'real') || !(below.value > 0)) {
    return errorValue('random takes a number above 0');
  }
  const fraction = evaluation.world.random?.();
  if (fraction === undefined) {
    return undefinedValue;
  }
  const scaled = fraction * Number(below.value);
  return below.kind === 'integer' ? integerValue(Math.floor(scaled)) : realValue(scaled);
});

export const numberFunctions: FunctionTable = {
  int: eager(1, 1, (args) => toInteger(argument(args, 0))),
  real: eager(1, 1, (args) => toReal(argument(args, 0))),
  bool: eager(1, 1, (args) => toBoolean(argument(args, 0))),
  floor: rounding(Math.floor),
  ceil: rounding(Math.ceil),
  ceiling: rounding(Math.ceil),
  round: rounding(roundHalfToEven),
  pow,
  quantize,
  random,
};
