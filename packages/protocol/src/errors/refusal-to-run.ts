import { type ErrorBody, GridError } from './grid-error.ts';

export interface RefusalToRun {
  /** For standard output, in one line of JSON: whoever started the program reads it. */
  readonly line: string;
  /** For the log: with a stack only when the fault is in vmgrid itself. */
  readonly entry: { readonly err: unknown } | { readonly error: Omit<ErrorBody, 'retryable'> };
}

/** What a program says that cannot run, or not go on. */
export function refusalToRun(thrown: unknown): RefusalToRun {
  const error = GridError.from(thrown).toBody();
  const { retryable: _, ...told } = error;
  const line = `${JSON.stringify({ error })}\n`;
  return { line, entry: error.code === 'INTERNAL' ? { err: thrown } : { error: told } };
}
