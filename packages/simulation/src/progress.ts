/** The progress of a run, for whoever waits for it. It does not influence the run. */
import type { Ledger } from './ledger.ts';
import type { World } from './world/world.ts';

export interface Progress {
  /** The name of the run, such as `seed 1`. */
  readonly run: string;
  readonly phase: string;
  /** Virtual time. */
  readonly elapsedMs: number;
  readonly events: number;
  /** Requests for VMs, in all and answered. */
  readonly requests: number;
  readonly answered: number;
}

export type ReportProgress = (progress: Progress) => void;

/** Events between two reports; the receiver chooses what it shows. */
const EVENTS_BETWEEN = 500;

interface Run {
  readonly name: string;
  readonly requests: number;
}

export class ProgressReporter {
  readonly #run: Run;
  readonly #report: ReportProgress;
  #phase = '';
  #grid: { readonly world: World; readonly ledger: Ledger } | undefined;

  constructor(run: Run, report: ReportProgress) {
    this.#run = run;
    this.#report = report;
  }

  /** Follows a grid once it exists. */
  follow(grid: { readonly world: World; readonly ledger: Ledger }): void {
    this.#grid = grid;
  }

  enter(phase: string): void {
    this.#phase = phase;
    this.#reportNow();
  }

  /** Call it after each event. */
  afterEvent(): void {
    if ((this.#grid?.world.events ?? 0) % EVENTS_BETWEEN === 0) this.#reportNow();
  }

  #reportNow(): void {
    const { name, requests } = this.#run;
    const { elapsedMs = 0, events = 0 } = this.#grid?.world ?? {};
    const answered = this.#grid?.ledger.answered ?? 0;
    this.#report({ run: name, phase: this.#phase, elapsedMs, events, requests, answered });
  }
}
