/** How far a run is, for whoever waits for it. It has no part in what happens. */
import type { Ledger } from './ledger.ts';
import type { World } from './world/world.ts';

export interface Progress {
  /** What is run, such as `seed 1`. */
  readonly run: string;
  readonly phase: string;
  /** Virtual time. */
  readonly elapsedMs: number;
  readonly events: number;
  /** Requests for VMs, in all and answered. */
  readonly requests: number;
  readonly answered: number;
}

export type TellProgress = (progress: Progress) => void;

/** Between one telling and the next; whoever is told chooses what is shown. */
const EVENTS_BETWEEN = 500;

interface Run {
  readonly name: string;
  readonly requests: number;
}

export class ProgressTeller {
  readonly #run: Run;
  readonly #tell: TellProgress;
  #phase = '';
  #grid: { readonly world: World; readonly ledger: Ledger } | undefined;

  constructor(run: Run, tell: TellProgress) {
    this.#run = run;
    this.#tell = tell;
  }

  /** The grid is there. */
  follow(grid: { readonly world: World; readonly ledger: Ledger }): void {
    this.#grid = grid;
  }

  enter(phase: string): void {
    this.#phase = phase;
    this.#tellNow();
  }

  /** To be called after each event. */
  afterEvent(): void {
    if ((this.#grid?.world.events ?? 0) % EVENTS_BETWEEN === 0) this.#tellNow();
  }

  #tellNow(): void {
    const { name, requests } = this.#run;
    const { elapsedMs = 0, events = 0 } = this.#grid?.world ?? {};
    const answered = this.#grid?.ledger.answered ?? 0;
    this.#tell({ run: name, phase: this.#phase, elapsedMs, events, requests, answered });
  }
}
