import { foldCase, upperCase } from '../ascii-case.ts';
import type { Value } from '../ast.ts';
import { toText } from '../convert.ts';
import type { Evaluation } from '../evaluation.ts';
import { errorValue, integerValue, stringValue, undefinedValue } from '../value.ts';
import { argument, type ClassAdFunction, eager, type FunctionTable } from './function.ts';

function converted(args: readonly Value[], evaluation: Evaluation): readonly ConvertedText[] {
  return args.map((value) => toText(value, evaluation.world.limits.maxStringLength));
}

type ConvertedText = ReturnType<typeof toText>;

function texts(values: readonly ConvertedText[]): string[] {
  return values.filter((value) => value.kind === 'string').map((value) => value.value);
}

/** Makes a function of strings that converts its arguments first: strcmp, toUpper, the version comparisons. */
export function ofConvertedTexts(count: number, perform: (...texts: string[]) => Value): ClassAdFunction {
  return eager(count, count, (args, evaluation) => {
    const values = converted(args, evaluation);
    const failed = values.find((value) => value.kind === 'undefined') ?? values.find((value) => value.kind === 'error');
    if (failed !== undefined) {
      return failed;
    }
    for (const text of texts(values)) {
      evaluation.spendOnText(text.length);
    }
    return perform(...texts(values));
  });
}

function concatenated(pieces: readonly string[], separator: string, evaluation: Evaluation): Value {
  let length = 0;
  for (const piece of pieces) {
    evaluation.spend(1 + (piece.length + separator.length) / 16);
    evaluation.checkLength(length + piece.length);
    length += piece.length + separator.length;
  }
  return stringValue(pieces.join(separator));
}

const strcat = eager(0, Number.POSITIVE_INFINITY, (args, evaluation) => {
  const values = converted(args, evaluation);
  const failed = values.find((value) => value.kind !== 'string');
  return failed ?? concatenated(texts(values), '', evaluation);
});

/** `join(list)` has no separator; `join(separator, list)` and `join(separator, item, …)` have one. */
function joinedItems(args: readonly Value[]): readonly Value[] {
  const last = args.at(-1);
  if (args.length > 2 || last?.kind !== 'list') {
    return args;
  }
  return [args.length === 2 ? argument(args, 0) : stringValue(''), ...last.items];
}

/** Undefined items are left out; the result is undefined only when nothing else is left. */
const join = eager(0, Number.POSITIVE_INFINITY, (args, evaluation) => {
  const [separator, ...items] = converted(joinedItems(args), evaluation);
  const error = [separator, ...items].find((value) => value?.kind === 'error');
  if (error !== undefined) {
    return error;
  }
  const pieces = texts(items);
  if (pieces.length === 0 && (items.length > 0 || separator?.kind === 'undefined')) {
    return undefinedValue;
  }
  return concatenated(pieces, separator?.kind === 'string' ? separator.value : '', evaluation);
});

/** Offsets and lengths count characters; negative ones count from the end (Perl's substr). */
const substr = eager(2, 3, (args, evaluation) => {
  const [text, offset] = [argument(args, 0), argument(args, 1)];
  const length = args.length === 3 ? argument(args, 2) : integerValue(2n ** 62n);
  if ([text, offset, length].some((value) => value.kind === 'undefined')) {
    return undefinedValue;
  }
  if (text.kind !== 'string' || offset.kind !== 'integer' || length.kind !== 'integer') {
    return errorValue('substr takes a string, an integer and an integer');
  }
  evaluation.spendOnText(text.value.length);
  const characters = [...text.value];
  const start = offset.value < 0n ? Math.max(0, characters.length + Number(offset.value)) : Number(offset.value);
  const end = length.value < 0n ? characters.length + Number(length.value) : start + Number(length.value);
  return stringValue(characters.slice(start, Math.max(start, end)).join(''));
});

function order(left: string, right: string): Value {
  if (left === right) {
    return integerValue(0);
  }
  return integerValue(left < right ? -1 : 1);
}

const string = eager(1, 1, (args, evaluation) => toText(argument(args, 0), evaluation.world.limits.maxStringLength));

export const stringFunctions: FunctionTable = {
  strcat,
  join,
  substr,
  string,
  strcmp: ofConvertedTexts(2, (left = '', right = '') => order(left, right)),
  stricmp: ofConvertedTexts(2, (left = '', right = '') => order(foldCase(left), foldCase(right))),
  toupper: ofConvertedTexts(1, (text = '') => stringValue(upperCase(text))),
  tolower: ofConvertedTexts(1, (text = '') => stringValue(foldCase(text))),
};
