import type { Value } from '../ast.ts';
import { errorValue, listValue, stringValue } from '../value.ts';
import { argument, eager, type FunctionTable } from './function.ts';

/**
 * Splits arguments in HTCondor's syntax version 2: blanks separate, single quotes enclose, and a doubled quote inside
 * them is one quote (condor_submit manual: arguments). Undefined when a quote is not closed.
 */
export function splitArguments(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  for (const [piece, quoted, other] of text.matchAll(/'([^']*(?:''[^']*)*)'|([^ \t\r\n'])|'|[ \t\r\n]/g)) {
    if (quoted !== undefined) {
      word = (word ?? '') + quoted.replaceAll("''", "'");
    } else if (other !== undefined) {
      word = (word ?? '') + other;
    } else if (piece === "'") {
      return undefined;
    } else if (word !== undefined) {
      words.push(word);
      word = undefined;
    }
  }
  return word === undefined ? words : [...words, word];
}

/** Quotes each run of blanks and quotes, as HTCondor does, and the empty argument. */
function quotedArgument(word: string): string {
  return word === '' ? "''" : word.replace(/[ \t\r\n']+/g, (run) => `'${run.replaceAll("'", "''")}'`);
}

export function joinArguments(words: readonly string[]): string {
  return words.map(quotedArgument).join(' ');
}

function versionOf(args: readonly Value[]): 1 | 2 | undefined {
  const version = args.length === 2 ? argument(args, 1) : undefined;
  if (version === undefined) {
    return 2;
  }
  const number = version.kind === 'integer' ? Number(version.value) : undefined;
  return number === 1 || number === 2 ? number : undefined;
}

const argsToList = eager(1, 2, (args, evaluation) => {
  const text = argument(args, 0);
  const version = versionOf(args);
  if (text.kind !== 'string' || version === undefined) {
    return errorValue('argsToList takes a string and version 1 or 2');
  }
  evaluation.spend(text.value.length);
  const words =
    version === 1 ? text.value.split(/[ \t\r\n]+/).filter((word) => word !== '') : splitArguments(text.value);
  return words === undefined ? errorValue('quote without end in arguments') : listValue(words.map(stringValue));
});

/** Version 1 has no quotes, so it cannot express an empty argument or one with a blank. */
const listToArgs = eager(1, 2, (args, evaluation) => {
  const list = argument(args, 0);
  const version = versionOf(args);
  if (list.kind !== 'list' || version === undefined) {
    return errorValue('listToArgs takes a list and version 1 or 2');
  }
  evaluation.spend(list.items.length);
  const words = list.items.filter((item) => item.kind === 'string').map((item) => item.value);
  const writable = version === 2 || words.every((word) => /^[^ \t\r\n]+$/.test(word));
  if (words.length < list.items.length || !writable) {
    return errorValue('list holds what is no argument');
  }
  evaluation.checkLength(words.reduce((length, word) => length + word.length, 0));
  return stringValue(version === 1 ? words.join(' ') : joinArguments(words));
});

/** Sets the variables of `entries` in `variables`. Returns false when an entry is not `name=value`. */
function setVariables(variables: Map<string, string>, entries: readonly string[]): boolean {
  for (const entry of entries) {
    const equals = entry.indexOf('=');
    if (equals < 1) {
      return false;
    }
    variables.set(entry.slice(0, equals), entry.slice(equals + 1));
  }
  return true;
}

/** HTCondor keeps the environment sorted by name. */
function environmentText(variables: ReadonlyMap<string, string>): Value {
  const sorted = [...variables].sort(([a], [b]) => (a < b ? -1 : 1));
  return stringValue(joinArguments(sorted.map(([name, value]) => `${name}=${value}`)));
}

const mergeEnvironment = eager(0, Number.POSITIVE_INFINITY, (args, evaluation) => {
  const variables = new Map<string, string>();
  let length = 0;
  for (const environment of args) {
    if (environment.kind === 'undefined') {
      continue;
    }
    const entries = environment.kind === 'string' ? splitArguments(environment.value) : undefined;
    if (environment.kind !== 'string' || entries === undefined || !setVariables(variables, entries)) {
      return errorValue('mergeEnvironment takes environments of version 2');
    }
    length += environment.value.length;
    evaluation.checkLength(length);
    evaluation.spend(environment.value.length);
  }
  return environmentText(variables);
});

const delimiters = '!#$%&*+,-/:;<>?@^`|~\u001f';

/** Version 1 separates entries by line ends and `;`, or by the delimiter that the text starts with. */
const envV1ToV2 = eager(1, 1, (args, evaluation) => {
  const environment = argument(args, 0);
  if (environment.kind === 'undefined') {
    return environment;
  }
  if (environment.kind !== 'string') {
    return errorValue('envV1ToV2 takes a string');
  }
  const text = environment.value;
  evaluation.spend(text.length);
  const first = text.charAt(0);
  const named = first !== '' && delimiters.includes(first);
  const lines = (named ? text.slice(1) : text).split('\n');
  const entries = lines.flatMap((line) => line.split(named ? first : ';')).map((entry) => entry.trimStart());
  const variables = new Map<string, string>();
  const valid = setVariables(
    variables,
    entries.filter((entry) => entry !== ''),
  );
  return valid ? environmentText(variables) : errorValue('environment holds what is no name=value');
});

export const argumentStringFunctions: FunctionTable = {
  argstolist: argsToList,
  listtoargs: listToArgs,
  mergeenvironment: mergeEnvironment,
  envv1tov2: envV1ToV2,
};
