import { type ErrorBody, GridError } from './grid-error.ts';

export interface RefusalToRun {
  /** One line of JSON for standard output, for the program that started this one. */
  readonly line: string;
  /** For the log: with a stack only when the fault lies in vmgrid itself. */
  readonly entry: { readonly err: unknown } | { readonly error: Omit<ErrorBody, 'retryable'> };
}

/** Returns what a program reports when it cannot start or continue. */
export function refusalToRun(thrown: unknown): RefusalToRun {
  const error = GridError.from(thrown).toBody();
  const { retryable: _, ...told } = error;
  const line = `${JSON.stringify({ error })}\n`;
  return { line, entry: error.code === 'INTERNAL' ? { err: thrown } : { error: told } };
}
