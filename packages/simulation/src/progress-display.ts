/** Shows the progress of runs: on a terminal one line that is rewritten, elsewhere a line from time to time. */
import type { Progress } from './progress.ts';

export interface ProgressDisplayOptions {
  readonly write: (text: string) => void;
  readonly isTerminal: boolean;
  /** Characters of a line of the terminal. */
  readonly columns?: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

const REWRITTEN_MS = 200;
/** The first line is shown at once, so that the user sees that something happens. */
const LINES_MS = 10_000;
const COLUMNS = 80;
const ERASE = '\r\x1b[K';

export class ProgressDisplay {
  readonly #options: ProgressDisplayOptions;
  #shownAt = -Infinity;
  readonly #startedAt: number;

  constructor(options: ProgressDisplayOptions) {
    this.#options = options;
    this.#startedAt = options.now();
  }

  show(progress: Progress): void {
    const { isTerminal, write, columns = COLUMNS } = this.#options;
    const now = this.#options.now();
    if (now - this.#shownAt < (isTerminal ? REWRITTEN_MS : LINES_MS)) return;
    this.#shownAt = now;
    const text = progressText(progress, now - this.#startedAt);
    write(isTerminal ? `${ERASE}${text.slice(0, columns - 1)}` : `${text}\n`);
  }

  /** Clears the line on the terminal before other output. */
  clear(): void {
    if (this.#options.isTerminal) this.#options.write(ERASE);
  }
}

function progressText({ run, phase, elapsedMs, events, requests, answered }: Progress, realMs: number): string {
  const done = `${answered} of ${requests} requests answered, ${seconds(elapsedMs)} s of virtual time`;
  return `${run}: ${phase}; ${done}, ${events} events in ${seconds(realMs)} s`;
}

const seconds = (ms: number): number => Math.round(ms / 1_000);
