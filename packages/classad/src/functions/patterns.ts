import type { ErrorValue, Value } from '../ast.ts';
import type { Evaluation } from '../evaluation.ts';
import { type SearchOptions, type Slots, search } from '../regex/machine.ts';
import { PatternError } from '../regex/pattern.ts';
import { programOf } from '../regex/pattern-cache.ts';
import type { Program } from '../regex/program.ts';
import { BoundedText } from '../text/bounded-text.ts';
import { booleanValue, errorValue, falseValue, stringValue, trueValue, undefinedValue } from '../value.ts';
import { allTexts, argument, type ClassAdFunction, eager, type FunctionTable, isValue } from './function.ts';
import { stringListItems } from './string-lists.ts';

/**
 * Prepares a pattern for searching; its steps count against the evaluation's budget. Returns the error value when the
 * pattern is malformed or not supported.
 */
export function prepared(pattern: string, options: string, evaluation: Evaluation): PreparedPattern | ErrorValue {
  evaluation.spend(pattern.length);
  try {
    return new PreparedPattern(programOf(pattern, options), evaluation);
  } catch (cause) {
    if (cause instanceof PatternError) {
      return errorValue(cause.message);
    }
    throw cause;
  }
}

export class PreparedPattern {
  readonly #program: Program;
  readonly #evaluation: Evaluation;

  constructor(program: Program, evaluation: Evaluation) {
    this.#program = program;
    this.#evaluation = evaluation;
    evaluation.spend(program.instructions.length);
  }

  found(text: string): boolean {
    return this.#search(codesOf(text), { from: 0, withoutGroups: true }) !== undefined;
  }

  #search(codes: readonly number[], options: Omit<SearchOptions, 'spend'>): Slots | undefined {
    return search(this.#program, codes, { ...options, spend: (steps) => this.#evaluation.spend(steps) });
  }

  /** Yields each match from left to right, or only the first unless `all`. After an empty match the search moves on. */
  *matches(codes: readonly number[], all: boolean): Generator<Slots> {
    let from = 0;
    let afterEmpty = false;
    while (from <= codes.length) {
      const slots = this.#search(codes, { from, anchoredNotEmpty: afterEmpty });
      if (slots !== undefined) {
        yield slots;
        from = slots[1] ?? codes.length;
        afterEmpty = slots[0] === slots[1];
      } else if (afterEmpty) {
        from += 1;
        afterEmpty = false;
      } else {
        return;
      }
      if (!all) {
        return;
      }
    }
  }
}

function codesOf(text: string): number[] {
  const codes = new Array<number>(text.length);
  let count = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.codePointAt(at) ?? 0;
    codes[count] = code;
    count += 1;
    at += code > 0xffff ? 1 : 0;
  }
  codes.length = count;
  return codes;
}

function sliceOf(codes: readonly number[], start: number, end: number): string {
  return codes
    .slice(start, end)
    .map((code) => String.fromCodePoint(code))
    .join('');
}

/** Replaces `\0` to `\9` in `template` by groups; undefined when it names a group after the last one that took part. */
function expanded(template: string, slots: Slots, codes: readonly number[]): string | undefined {
  const last = slots.findLastIndex((slot) => slot >= 0);
  let missing = false;
  const text = template.replace(/\\(\d)/g, (_whole, digit: string) => {
    const [start = -1, end = -1] = slots.slice(2 * Number(digit), 2 * Number(digit) + 2);
    missing ||= 2 * Number(digit) > last;
    return start < 0 || end < 0 ? '' : sliceOf(codes, start, end);
  });
  return missing ? undefined : text;
}

interface Substitution {
  readonly target: string;
  readonly template: string;
  /** Keep the text around the matches (option `f`). */
  readonly full: boolean;
  readonly all: boolean;
}

function substituted(pattern: PreparedPattern, substitution: Substitution, evaluation: Evaluation): Value {
  const { target, template, full, all } = substitution;
  const codes = codesOf(target);
  const text = new BoundedText(evaluation.world.limits.maxStringLength);
  let copied = 0;
  for (const slots of pattern.matches(codes, all)) {
    const [start = 0, end = 0] = slots;
    const replacement = expanded(template, slots, codes);
    if (replacement === undefined) {
      return errorValue('substitution names a group that is not there');
    }
    evaluation.spend(1 + replacement.length / 16);
    text.add(full ? sliceOf(codes, copied, start) : '').add(replacement);
    copied = end;
  }
  return stringValue(text.add(full ? sliceOf(codes, copied, codes.length) : '').toString());
}

/** `regexps`, `replace` and `replaceAll` differ only in the options that they imply. */
function substitution(implied: string): ClassAdFunction {
  return eager(3, 4, (args, evaluation) => {
    const texts = allTexts(args);
    if (isValue(texts)) {
      return texts;
    }
    const [source = '', target = '', template = '', given = ''] = texts;
    const options = `${given}${implied}`.toLowerCase();
    evaluation.spendOnText(target.length);
    const pattern = prepared(source, options, evaluation);
    if (!(pattern instanceof PreparedPattern)) {
      return pattern;
    }
    const [full, all] = [options.includes('f'), options.includes('g')];
    return substituted(pattern, { target, template, full, all }, evaluation);
  });
}

const regexp = eager(2, 3, (args, evaluation) => {
  const texts = allTexts(args);
  if (isValue(texts)) {
    return texts;
  }
  const [source = '', target = '', options = ''] = texts;
  evaluation.spendOnText(target.length);
  const pattern = prepared(source, options, evaluation);
  return pattern instanceof PreparedPattern ? booleanValue(pattern.found(target)) : pattern;
});

/**
 * Returns true at the first match. An item before it that is no string gives an error, or undefined when it is
 * undefined.
 */
function anyFound(pattern: PreparedPattern, items: readonly Value[]): Value {
  let onNone: Value = falseValue;
  for (const item of items) {
    if (item.kind === 'undefined') {
      onNone = undefinedValue;
    } else if (item.kind !== 'string') {
      return errorValue(`expected a string, got a ${item.kind}`);
    } else if (pattern.found(item.value)) {
      return trueValue;
    }
  }
  return onNone;
}

const regexpMember = eager(2, 3, (args, evaluation) => {
  const list = argument(args, 1);
  const texts = allTexts(args.toSpliced(1, 1));
  if (list.kind === 'error' || isValue(texts)) {
    return list.kind === 'error' || !isValue(texts) ? list : texts;
  }
  if (list.kind !== 'list') {
    return list.kind === 'undefined' ? list : errorValue(`expected a list, got a ${list.kind}`);
  }
  const [source = '', options = ''] = texts;
  const pattern = prepared(source, options, evaluation);
  return pattern instanceof PreparedPattern ? anyFound(pattern, list.items) : pattern;
});

/** Undefined over an empty list, as in HTCondor's code. */
const stringListRegexpMember = eager(2, 4, (args, evaluation) => {
  const texts = allTexts(args);
  if (isValue(texts)) {
    return texts.kind === 'undefined' ? errorValue('expected strings') : texts;
  }
  const [source = '', list = '', delimiters = ', ', options = ''] = texts;
  evaluation.spendOnText(list.length);
  const pattern = prepared(source, options, evaluation);
  if (!(pattern instanceof PreparedPattern)) {
    return pattern;
  }
  const items = stringListItems(list, delimiters);
  return items.length === 0 ? undefinedValue : booleanValue(items.some((item) => pattern.found(item)));
});

export const patternFunctions: FunctionTable = {
  regexp,
  regexpmember: regexpMember,
  regexps: substitution(''),
  replace: substitution('f'),
  replaceall: substitution('fg'),
  stringlist_regexpmember: stringListRegexpMember,
};
