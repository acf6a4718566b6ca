/** Programs that only transform text. */
import type { Command } from './command.ts';

/** They read the output of the command before them, or a file. */
export const textCommands = (read: (path: string) => string | undefined): Readonly<Record<string, Command>> => ({
  ':': () => 0,
  true: () => 0,
  false: () => 1,
  echo: ({ args, out }) => {
    out(`${args.join(' ')}\n`);
    return 0;
  },
  printf: ({ args: [format = '', ...values], out }) => {
    const rest = [...values];
    const given = format.replaceAll('\\n', '\n').replaceAll('\\t', '\t');
    out(given.replace(/%[sd]/g, () => rest.shift() ?? '').replaceAll('%%', '%'));
    return 0;
  },
  head: ({ args, input, out }) => {
    const { count, path } = countedArguments(args);
    return pick(textOf(read, path, input), out, (lines) => lines.slice(0, count));
  },
  tail: ({ args, input, out }) => {
    const { count, path } = countedArguments(args);
    return pick(textOf(read, path, input), out, (lines) => lines.slice(-count));
  },
  seq: ({ args, out }) => {
    const [first, last] = args.length > 1 ? args.map(Number) : [1, Number(args[0])];
    const length = Math.min(Math.max(0, last! - first! + 1), MAX_SEQUENCE);
    out(Array.from({ length }, (_, index) => `${first! + index}\n`).join(''));
    return 0;
  },
  wc: ({ args, input, out }) => {
    const text = textOf(read, operandsOf(args)[0], input);
    out(`${args.includes('-c') ? text.length : linesOf(text).length}\n`);
    return 0;
  },
  /** Searches for the pattern as plain text. */
  grep: ({ args, input, out }) => {
    const [pattern = '', path] = operandsOf(args);
    const options = args.filter((one) => one.startsWith('-')).join('');
    const found = linesOf(textOf(read, path, input)).filter((line) => line.includes(pattern) !== options.includes('v'));
    if (options.includes('c')) out(`${found.length}\n`);
    else if (!options.includes('q')) out(found.map((line) => `${line}\n`).join(''));
    return found.length > 0 ? 0 : 1;
  },
  /** Runs programs of the form `/TEXT/ { print $N }` and `NR == N { print $N }`. */
  awk: ({ args: [program = '', path], input, out, err }) => {
    const match = /^\s*(?:\/([^/]*)\/|NR == (\d+))\s*\{ print \$(\d+) \}\s*$/.exec(program);
    if (!match) {
      err(`awk: a simulated guest does not understand ${program}\n`);
      return 2;
    }
    const [, text, line, field] = match;
    const lines = linesOf(textOf(read, path, input)).filter((one, index) =>
      text === undefined ? index + 1 === Number(line) : one.includes(text),
    );
    out(lines.map((one) => `${one.trim().split(/\s+/)[Number(field) - 1] ?? ''}\n`).join(''));
    return 0;
  },
});

const MAX_SEQUENCE = 10_000;

export const linesOf = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));

function pick(input: string, out: (text: string) => void, choose: (lines: string[]) => string[]): number {
  out(
    choose(linesOf(input))
      .map((line) => `${line}\n`)
      .join(''),
  );
  return 0;
}

const operandsOf = (args: readonly string[]): string[] => args.filter((one) => !one.startsWith('-'));

/** A missing file counts as empty. */
const textOf = (read: (path: string) => string | undefined, path: string | undefined, input: string): string =>
  path === undefined ? input : (read(path) ?? '');

/** Reads `-n N` or `-N`, by default ten, and the file. */
function countedArguments(args: readonly string[]): { readonly count: number; readonly path: string | undefined } {
  const at = args.indexOf('-n');
  const short = args.find((one) => /^-n?\d+$/.test(one));
  const digits = at >= 0 ? args[at + 1] : short?.replace(/^-n?/, '');
  const rest = at >= 0 ? args.toSpliced(at, 2) : args;
  return { count: Number(digits ?? 10), path: operandsOf(rest)[0] };
}
