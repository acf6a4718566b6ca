import type { Evaluation } from '../evaluation.ts';
import type { Node } from '../expression.ts';
import type { Scope } from '../scope.ts';
import { type ErrorValue, errorValue, type UndefinedValue, undefinedValue, type Value } from '../value.ts';

export interface FunctionCall {
  /** As written by the caller. */
  readonly name: string;
  readonly args: readonly Node[];
  /** Where the call stands: arguments are evaluated here. */
  readonly scope: Scope;
  readonly evaluation: Evaluation;
}

/** A function of the language: total, and bounded by the evaluation's budget. */
export type ClassAdFunction = (call: FunctionCall) => Value;

/** Names in folded case. */
export type FunctionTable = Readonly<Record<string, ClassAdFunction>>;

/** A function of values: arguments are counted, then evaluated in order. */
export function eager(
  least: number,
  most: number,
  perform: (args: readonly Value[], evaluation: Evaluation) => Value,
): ClassAdFunction {
  return (call) => {
    const { args, scope, evaluation } = call;
    return (
      wrongCount(call, least, most) ??
      perform(
        args.map((argument) => evaluation.evaluate(argument, scope)),
        evaluation,
      )
    );
  };
}

export function wrongCount(call: FunctionCall, least: number, most: number): ErrorValue | undefined {
  const { length } = call.args;
  return length < least || length > most ? errorValue(`${call.name}() given ${length} arguments`) : undefined;
}

/** The value at `index`; absent arguments are undefined, and `eager` has counted those that must be there. */
export function argument(args: readonly Value[], index: number): Value {
  return args[index] ?? undefinedValue;
}

/** The texts of all arguments; an error among them first, then undefined, then an error where one is no string. */
export function allTexts(args: readonly Value[]): readonly string[] | UndefinedValue | ErrorValue {
  const failed = args.find((value) => value.kind === 'error') ?? args.find((value) => value.kind === 'undefined');
  if (failed?.kind === 'error' || failed?.kind === 'undefined') {
    return failed;
  }
  const texts: string[] = [];
  for (const value of args) {
    if (value.kind !== 'string') {
      return errorValue(`expected a string, got a ${value.kind}`);
    }
    texts.push(value.value);
  }
  return texts;
}

export function isValue<T>(
  outcome: readonly T[] | UndefinedValue | ErrorValue,
): outcome is UndefinedValue | ErrorValue {
  return 'kind' in outcome;
}
