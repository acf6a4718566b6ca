/**
 * Runs a command's work under SIGINT and SIGTERM. Progress goes to standard error, one line of JSON for each report
 * (`tell`), the result to standard output. Returns the exit status.
 */
export async function reportOutcome(work: (signal: AbortSignal) => Promise<object>): Promise<number> {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort(new Error(name)));
  process.stdout.write(`${JSON.stringify(await work(stop.signal))}\n`);
  return 0;
}

export const tell = (event: object): void => void process.stderr.write(`${JSON.stringify(event)}\n`);
