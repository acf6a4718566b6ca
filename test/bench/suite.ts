/** The options of a suite from the command line. */
export type BenchOptions = Readonly<Record<string, string | undefined>>;

/** One benchmark suite. */
export interface BenchSuite<R extends object = object> {
  /** Names of its options, beside `--json`; each takes a value. */
  readonly options?: readonly string[];
  /** Measures; says on the way what it is at. */
  run(say: (text: string) => void, options: BenchOptions): Promise<R>;
  /** The result for people. */
  describe(result: R): string;
}

/** Middle value; the mean of the two middle ones of an even number. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The value below which the share `p` of all values lie (nearest rank). */
export function percentile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(p * sorted.length) - 1)]!;
}

/** To hundredths. */
export const rounded = (value: number): number => Math.round(value * 100) / 100;

/** A whole number above zero that an option gives, or the default. @throws Error when it is something else */
export function countOf(options: BenchOptions, name: string, otherwise: number): number {
  const given = options[name];
  if (given === undefined) return otherwise;
  if (!/^[1-9]\d{0,14}$/.test(given)) throw new Error(`--${name} is ${given}, not a whole number above zero`);
  return Number(given);
}
