import { foldCase } from '../ascii-case.ts';
import type { ErrorValue, UndefinedValue, Value } from '../ast.ts';
import { truncated } from '../convert.ts';
import { leadingNumber } from '../text/real-text.ts';
import { booleanValue, errorValue, integerValue, realValue, undefinedValue } from '../value.ts';
import { allTexts, argument, type ClassAdFunction, eager, type FunctionTable, isValue } from './function.ts';

const usualDelimiters = ', ';
const memberDelimiters = ', \t\r\n';

/** The items of a string list, trimmed; runs of delimiters separate once. */
export function stringListItems(list: string, delimiters: string): string[] {
  return piecesBetween(list, delimiters)
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/**
 * Splits as stringListsIntersect does: an empty delimiter argument means the usual ones, and blanks belong to the item.
 */
function untrimmedItems(list: string, delimiters: string): string[] {
  return piecesBetween(list, delimiters === '' ? usualDelimiters : delimiters).filter((item) => item !== '');
}

function piecesBetween(list: string, delimiters: string): string[] {
  const pieces: string[] = [];
  let piece = '';
  for (const character of list) {
    if (delimiters.includes(character)) {
      pieces.push(piece);
      piece = '';
    } else {
      piece += character;
    }
  }
  return [...pieces, piece];
}

function ofItems(perform: (items: readonly string[]) => Value): ClassAdFunction {
  return eager(1, 2, (args, evaluation) => {
    const texts = allTexts(args);
    if (isValue(texts)) {
      return errorValue('expected a string list and delimiters');
    }
    const [list = '', delimiters = usualDelimiters] = texts;
    evaluation.spend(list.length);
    return perform(stringListItems(list, delimiters));
  });
}

function summary(onEmpty: Value, summarize: (numbers: readonly number[]) => number): ClassAdFunction {
  return ofItems((items) => {
    const numbers = items.map((item) => leadingNumber(item));
    if (numbers.length === 0) {
      return onEmpty;
    }
    if (!numbers.every((number) => number !== undefined)) {
      return errorValue('string list holds text that is no number');
    }
    const result = summarize(numbers);
    return items.every((item) => /^[-+\d]*$/.test(item)) ? truncated(result) : realValue(result);
  });
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

const average = ofItems((items) => {
  const numbers = items.map((item) => leadingNumber(item));
  if (!numbers.every((number) => number !== undefined)) {
    return errorValue('string list holds text that is no number');
  }
  return realValue(numbers.length === 0 ? 0 : total(numbers) / numbers.length);
});

/** Returns the texts. A single undefined list counts as empty; two are undefined. Anything else is an error. */
function membershipTexts(args: readonly Value[]): readonly [string, string, string] | UndefinedValue | ErrorValue {
  const wrong = args.find((value) => value.kind !== 'string' && value.kind !== 'undefined');
  if (wrong !== undefined) {
    return wrong.kind === 'error' ? wrong : errorValue(`expected a string, got a ${wrong.kind}`);
  }
  const text = (value: Value, otherwise: string) => (value.kind === 'string' ? value.value : otherwise);
  const [first, second, delimiters] = [argument(args, 0), argument(args, 1), argument(args, 2)];
  if (first.kind === 'undefined' && second.kind === 'undefined') {
    return undefinedValue;
  }
  return [text(first, ''), text(second, ''), text(delimiters, memberDelimiters)];
}

function membership(
  fold: (text: string) => string,
  test: (first: string, list: ReadonlySet<string>, delimiters: string) => boolean,
): ClassAdFunction {
  return eager(2, 3, (args, evaluation) => {
    const texts = membershipTexts(args);
    if ('kind' in texts) {
      return texts;
    }
    const [first, second, delimiters] = texts;
    evaluation.spend(first.length + second.length);
    return booleanValue(test(fold(first), new Set(stringListItems(fold(second), delimiters)), delimiters));
  });
}

function isMember(item: string, list: ReadonlySet<string>): boolean {
  return list.has(item);
}

function isSubset(items: string, list: ReadonlySet<string>, delimiters: string): boolean {
  return stringListItems(items, delimiters).every((item) => list.has(item));
}

const intersect = eager(2, 3, (args, evaluation) => {
  const texts = allTexts(args);
  if (isValue(texts)) {
    return texts;
  }
  const [left = '', right = '', delimiters = usualDelimiters] = texts;
  evaluation.spend(left.length + right.length);
  const others = new Set(untrimmedItems(right, delimiters));
  return booleanValue(untrimmedItems(left, delimiters).some((item) => others.has(item)));
});

const asIs = (text: string) => text;

export const stringListFunctions: FunctionTable = {
  stringlistsize: ofItems((items) => integerValue(items.length)),
  stringlistsum: summary(realValue(0), total),
  stringlistavg: average,
  stringlistmin: summary(undefinedValue, (numbers) => numbers.reduce((least, number) => Math.min(least, number))),
  stringlistmax: summary(undefinedValue, (numbers) => numbers.reduce((most, number) => Math.max(most, number))),
  stringlistmember: membership(asIs, isMember),
  stringlistimember: membership(foldCase, isMember),
  stringlistsubsetmatch: membership(asIs, isSubset),
  stringlistisubsetmatch: membership(foldCase, isSubset),
  stringlistsintersect: intersect,
};
