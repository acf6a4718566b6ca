import type { ErrorValue, UndefinedValue, Value } from '../ast.ts';
import type { ClassAdFunction, Evaluation, FunctionCall } from '../evaluation.ts';
import { errorValue, undefinedValue } from '../value.ts';

export type { ClassAdFunction, FunctionCall };

/** Names in folded case. */
export type FunctionTable = Readonly<Record<string, ClassAdFunction>>;

/** Makes a function of values: arguments are counted, then evaluated in order. */
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

/** Returns the argument at `index`. An absent argument is undefined; `eager` has counted the required ones. */
export function argument(args: readonly Value[], index: number): Value {
  return args[index] ?? undefinedValue;
}

/**
 * Returns the texts of all arguments. The first error among them comes first, then undefined, then an error when an
 * argument is no string.
 */
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
