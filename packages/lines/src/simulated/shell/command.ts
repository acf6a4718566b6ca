/** A program of a simulated guest. */
export interface CommandCall {
  readonly args: readonly string[];
  readonly input: string;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Returns, or resolves with, its exit status. */
export type Command = (call: CommandCall) => number | Promise<number>;
