import type { Value } from '../ast.ts';
import { toText } from '../convert.ts';
import { booleanValue, errorValue, integerValue, undefinedValue } from '../value.ts';
import { allTexts, type ClassAdFunction, eager, type FunctionTable, isValue } from './function.ts';
import { ofConvertedTexts } from './strings.ts';

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
}

function endOf(text: string, start: number, matches: (at: number) => boolean): number {
  let end = start;
  while (end < text.length && matches(end)) {
    end += 1;
  }
  return end;
}

/** Returns where leading zeros end; the last digit of a number is never a leading zero. */
function zerosEnd(text: string, start: number): number {
  const end = endOf(text, start, (at) => text[at] === '0');
  return end > start && !isDigit(text, end) ? end - 1 : end;
}

function codeAt(text: string, at: number): number {
  return at < text.length ? text.charCodeAt(at) : 0;
}

/**
 * Compares like texts, except that the digits around the first difference are compared as numbers, and more leading
 * zeros are less: 000, 00, 01, 010, 09, 0, 1, 9, 10 (manual: versioncmp). Returns a negative number, zero or a positive
 * one.
 */
export function compareVersions(left: string, right: string): number {
  const at = endOf(left, 0, (index) => left[index] === right[index]);
  if (at === left.length && at === right.length) {
    return 0;
  }
  const mismatch = codeAt(left, at) - codeAt(right, at);
  let start = at;
  while (start > 0 && isDigit(left, start - 1)) {
    start -= 1;
  }
  if (start === at && !(isDigit(left, at) && isDigit(right, at))) {
    return mismatch;
  }
  const [leftZeros, rightZeros] = [zerosEnd(left, start), zerosEnd(right, start)];
  if (leftZeros !== rightZeros) {
    return rightZeros - leftZeros;
  }
  if (leftZeros > start) {
    return mismatch;
  }
  const leftLength = endOf(left, start, (index) => isDigit(left, index));
  const rightLength = endOf(right, start, (index) => isDigit(right, index));
  return leftLength === rightLength ? mismatch : leftLength - rightLength;
}

function comparison(verdict: (order: number) => Value): ClassAdFunction {
  return ofConvertedTexts(2, (left = '', right = '') => verdict(compareVersions(left, right)));
}

/** An undefined bound gives undefined; an undefined version gives an error. */
const versionInRange = eager(3, 3, (args, evaluation) => {
  const values = args.map((value) => toText(value, evaluation.world.limits.maxStringLength));
  if (values.slice(1).some((bound) => bound.kind === 'undefined')) {
    return undefinedValue;
  }
  const texts = allTexts(values);
  if (isValue(texts)) {
    return errorValue('version_in_range takes a version and its bounds');
  }
  const [version = '', least = '', most = ''] = texts;
  evaluation.spendOnText(version.length + least.length + most.length);
  return booleanValue(compareVersions(least, version) <= 0 && compareVersions(version, most) <= 0);
});

export const versionFunctions: FunctionTable = {
  versioncmp: comparison((order) => integerValue(order)),
  versionlt: comparison((order) => booleanValue(order < 0)),
  versionle: comparison((order) => booleanValue(order <= 0)),
  versioneq: comparison((order) => booleanValue(order === 0)),
  versionge: comparison((order) => booleanValue(order >= 0)),
  versiongt: comparison((order) => booleanValue(order > 0)),
  version_in_range: versionInRange,
};
