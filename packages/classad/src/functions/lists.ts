import type { BooleanValue, IntegerValue, ListValue, RealValue, Value } from '../ast.ts';
import { toInteger, toReal } from '../convert.ts';
import { applyBinary, type EagerOperator } from '../operators/apply.ts';
import {
  booleanValue,
  errorValue,
  falseValue,
  integerValue,
  listValue,
  realValue,
  stringValue,
  undefinedValue,
} from '../value.ts';
import { argument, type ClassAdFunction, eager, type FunctionTable } from './function.ts';

/** The types that sum, avg, min and max take as numbers; booleans are among them (Value::IsNumber). */
type NumberValue = IntegerValue | RealValue | BooleanValue;

function member(operator: '==' | '=?='): ClassAdFunction {
  return eager(2, 2, (args, evaluation) => {
    const [item, list] = [argument(args, 0), argument(args, 1)];
    if (list.kind === 'undefined' || (operator === '==' && item.kind === 'undefined')) {
      return undefinedValue;
    }
    if (list.kind !== 'list' || item.kind === 'list' || item.kind === 'classad') {
      return errorValue('member takes a scalar and a list');
    }
    if (operator === '==' && item.kind === 'error') {
      return item;
    }
    evaluation.spend(list.items.length);
    return booleanValue(
      list.items.some((candidate) => {
        const same = applyBinary(operator, candidate, item);
        return same.kind === 'boolean' && same.value;
      }),
    );
  });
}

function size(args: readonly Value[]): Value {
  const of = argument(args, 0);
  switch (of.kind) {
    case 'undefined':
      return of;
    case 'list':
      return integerValue(of.items.length);
    case 'classad':
      return integerValue(of.ad.size);
    case 'string':
      return integerValue([...of.value].length);
    default:
      return errorValue(`a ${of.kind} has no size`);
  }
}

/**
 * Returns the numbers of a list without its undefined items; undefined for an undefined list, an error for anything
 * else.
 */
function numbersOf(list: Value): readonly NumberValue[] | Value {
  if (list.kind === 'undefined') {
    return list;
  }
  if (list.kind !== 'list') {
    return errorValue(`expected a list, got a ${list.kind}`);
  }
  const numbers: NumberValue[] = [];
  for (const item of list.items) {
    if (item.kind === 'integer' || item.kind === 'real' || item.kind === 'boolean') {
      numbers.push(item);
    } else if (item.kind !== 'undefined') {
      return errorValue(`expected numbers, got a ${item.kind}`);
    }
  }
  return numbers;
}

function isNumbers(outcome: readonly NumberValue[] | Value): outcome is readonly NumberValue[] {
  return Array.isArray(outcome);
}

function summary(onEmpty: Value, summarize: (first: NumberValue, rest: readonly NumberValue[]) => Value) {
  return eager(1, 1, (args, evaluation) => {
    const list = argument(args, 0);
    const numbers = numbersOf(list);
    if (!isNumbers(numbers)) {
      return numbers;
    }
    evaluation.spend(numbers.length);
    const [first, ...rest] = numbers;
    if (first !== undefined) {
      return summarize(first, rest);
    }
    return (list as ListValue).items.length === 0 ? onEmpty : undefinedValue;
  });
}

function total(first: NumberValue, rest: readonly NumberValue[]): Value {
  return rest.reduce<Value>((sum, number) => applyBinary('+', sum, number), first);
}

function average(first: NumberValue, rest: readonly NumberValue[]): Value {
  return applyBinary('/', total(first, rest), realValue(rest.length + 1));
}

/** Comparing gives the numbers one type: the result is real when any of them is; a single boolean stays a boolean. */
function extreme(better: '<' | '>') {
  return (first: NumberValue, rest: readonly NumberValue[]): Value => {
    const bound = rest.reduce((best, number) => {
      const verdict = applyBinary(better, number, best);
      return verdict.kind === 'boolean' && verdict.value ? number : best;
    }, first);
    if (rest.length === 0) {
      return bound;
    }
    return [first, ...rest].some((number) => number.kind === 'real') ? toReal(bound) : toInteger(bound);
  };
}

const comparisons: ReadonlyMap<string, EagerOperator> = new Map([
  ['<', '<'],
  ['<=', '<='],
  ['==', '=='],
  ['!=', '!='],
  ['>', '>'],
  ['>=', '>='],
  ['is', '=?='],
  ['isnt', '=!='],
]);

/** An item that compares to undefined ends the search with false, as in HTCondor's code. */
function searchItems(items: readonly Value[], decisive: boolean, verdictOn: (item: Value) => Value): Value {
  for (const item of items) {
    const verdict = verdictOn(item);
    if (verdict.kind === 'error') {
      return verdict;
    }
    if (verdict.kind !== 'boolean') {
      return falseValue;
    }
    if (verdict.value === decisive) {
      return verdict;
    }
  }
  return booleanValue(!decisive);
}

function compareItems(decisive: boolean): ClassAdFunction {
  return eager(3, 3, (args, evaluation) => {
    const [operatorName, list, other] = [argument(args, 0), argument(args, 1), argument(args, 2)];
    const operator = operatorName.kind === 'string' ? comparisons.get(operatorName.value) : undefined;
    if (operator === undefined) {
      return operatorName.kind === 'undefined' ? operatorName : errorValue('expected a comparison operator');
    }
    if (list.kind !== 'list') {
      return list.kind === 'undefined' ? list : errorValue('expected a list');
    }
    evaluation.spend(list.items.length);
    return searchItems(list.items, decisive, (item) => applyBinary(operator, item, other));
  });
}

/**
 * Runs of white space separate once. Other separators give an empty item when the same separator comes again, apart
 * from white space: "foo, bar" is two items, "foo,,bar" three, and "a,foo ,bar" has an empty item too (splitArb_func).
 */
function splitOn(text: string, separators: string): string[] {
  const items: string[] = [];
  let item = '';
  let lastSeparator = '';
  for (const character of text) {
    if (!separators.includes(character)) {
      item += character;
      continue;
    }
    const blank = /\s/.test(character);
    if (item !== '') {
      items.push(item);
    } else if (!blank && lastSeparator === character) {
      items.push('');
    }
    lastSeparator = blank ? lastSeparator : character;
    item = '';
  }
  return item === '' ? items : [...items, item];
}

const split = eager(1, 2, (args, evaluation) => {
  const text = argument(args, 0);
  const separators = args.length === 2 ? argument(args, 1) : stringValue(', \t');
  if (text.kind !== 'string' || separators.kind !== 'string') {
    return errorValue('split takes strings');
  }
  evaluation.spend(text.value.length);
  return listValue(splitOn(text.value, separators.value).map(stringValue));
});

/** `user@domain` and `slot@machine`. They differ only in which half is empty when there is no `@`. */
function splitAt(alone: 'first' | 'second'): ClassAdFunction {
  return eager(1, 1, (args) => {
    const name = argument(args, 0);
    if (name.kind !== 'string') {
      return errorValue(`expected a string, got a ${name.kind}`);
    }
    const at = name.value.indexOf('@');
    const whole = alone === 'first' ? [name.value, ''] : ['', name.value];
    const halves = at < 0 ? whole : [name.value.slice(0, at), name.value.slice(at + 1)];
    return listValue(halves.map(stringValue));
  });
}

export const listFunctions: FunctionTable = {
  member: member('=='),
  identicalmember: member('=?='),
  size: eager(1, 1, size),
  sum: summary(integerValue(0), total),
  avg: summary(integerValue(0), average),
  min: summary(undefinedValue, extreme('<')),
  max: summary(undefinedValue, extreme('>')),
  anycompare: compareItems(true),
  allcompare: compareItems(false),
  split,
  splitusername: splitAt('first'),
  splitslotname: splitAt('second'),
};
