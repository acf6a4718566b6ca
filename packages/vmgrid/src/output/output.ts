/** Output to the user: tables and lines for people, one JSON document with `--json`. */
import type { ErrorBody } from '@vmgrid/protocol';
import Table from 'cli-table3';
import { errColours, outColours } from './colours.ts';

export interface Output {
  readonly json: boolean;
  /** Writes the command's result: `human` for people, `value` as JSON otherwise. */
  result(value: unknown, human: () => string): void;
  /** Writes a remark along the way. Silent under `--json`. */
  note(text: string): void;
  error(error: ErrorBody): void;
}

export function createOutput(json: boolean, streams = { out: process.stdout, err: process.stderr }): Output {
  return {
    json,
    result: (value, human) => void streams.out.write(`${json ? JSON.stringify(value) : human()}\n`),
    note: (text) => void (json || streams.err.write(`${text}\n`)),
    error: (error) => void streams.err.write(`${json ? JSON.stringify({ error }) : describeError(error)}\n`),
  };
}

export function describeError(error: ErrorBody): string {
  const lines = [`${errColours.red(error.code)}: ${error.message}`];
  const { output } = error.details;
  if (typeof output === 'string' && output !== '') lines.push(indent(output.trimEnd()));
  lines.push(`→ ${error.remedy}`);
  return lines.join('\n');
}

const indent = (text: string): string => text.replaceAll(/^/gm, '    ');

export type Cell = string | number | boolean | undefined;

/** Makes a table without lines, for terminals and `awk`. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const none = Object.fromEntries(
    [
      'top',
      'top-mid',
      'top-left',
      'top-right',
      'bottom',
      'bottom-mid',
      'bottom-left',
      'bottom-right',
      'left',
      'left-mid',
      'mid',
      'mid-mid',
      'right',
      'right-mid',
    ].map((place) => [place, '']),
  );
  const drawn = new Table({
    head: head.map((title) => outColours.bold(title.toUpperCase())),
    chars: { ...none, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  for (const row of rows) drawn.push(row.map((cell) => String(cell ?? '-')));
  return drawn.toString().replaceAll(/ +$/gm, '');
}

/** Writes milliseconds for people. */
export const duration = (ms: number): string => (ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(2)} s`);
