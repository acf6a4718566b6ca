import { GridError } from '@vmgrid/protocol';

/**
 * Does a command's work under SIGINT and SIGTERM. Progress goes to standard error, a line of JSON each (`tell`); the result
 * or the error to standard output. Returns the exit status.
 */
export async function reportOutcome(work: (signal: AbortSignal) => Promise<object>): Promise<number> {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort(new Error(name)));
  try {
    process.stdout.write(`${JSON.stringify(await work(stop.signal))}\n`);
    return 0;
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ error: GridError.from(error).toBody() })}\n`);
    if (!(error instanceof GridError)) throw error;
    return 1;
  }
}

export const tell = (event: object): void => void process.stderr.write(`${JSON.stringify(event)}\n`);
