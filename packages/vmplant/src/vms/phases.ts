/** Named steps of making a machine: measures each, and reports its start and end. */
import type { Clock } from '@vmgrid/daemon';
import type { ProgressEvent, RequestKey } from '@vmgrid/protocol';

export type PhaseName =
  | 'overlay'
  | 'restore'
  | 'boot'
  | 'agent'
  | 'disc'
  | 'identity'
  | 'settle'
  | 'actions'
  | 'restart'
  | 'quiesce'
  | 'freeze'
  | 'suspend'
  | 'resume'
  | 'start'
  | 'promote'
  | 'destruction'
  | 'teardown';

export type ReportProgress = (event: ProgressEvent) => void;

export class Phases {
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly #request: RequestKey;
  readonly #report: ReportProgress;
  readonly #milliseconds = new Map<PhaseName, number>();

  constructor(clock: Pick<Clock, 'now' | 'monotonic'>, request: RequestKey, report: ReportProgress) {
    this.#clock = clock;
    this.#request = request;
    this.#report = report;
  }

  /** Milliseconds of each phase so far; a phase that came several times counts all its time. */
  get phasesMs(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#milliseconds);
  }

  /** Runs the work of a phase under its name. */
  async time<T>(phase: PhaseName, work: () => Promise<T>): Promise<T> {
    const startedAt = this.#clock.monotonic();
    this.#tell({ phase, state: 'started' });
    try {
      const result = await work();
      this.#tell({ phase, state: 'done', elapsedMs: this.#add(phase, startedAt) });
      return result;
    } catch (error) {
      this.#tell({ phase, state: 'failed', elapsedMs: this.#add(phase, startedAt) });
      throw error;
    }
  }

  /** Reports one action inside the phase `actions`. */
  action(actionId: string, state: ProgressEvent['state'], elapsedMs?: number): void {
    this.#tell({ phase: 'action', subject: actionId, state, ...(elapsedMs === undefined ? {} : { elapsedMs }) });
  }

  #add(phase: PhaseName, startedAt: number): number {
    const elapsedMs = roundMs(this.#clock.monotonic() - startedAt);
    this.#milliseconds.set(phase, roundMs((this.#milliseconds.get(phase) ?? 0) + elapsedMs));
    return elapsedMs;
  }

  #tell(event: Pick<ProgressEvent, 'phase' | 'state' | 'subject' | 'elapsedMs'>): void {
    this.#report({ ...this.#request, at: new Date(this.#clock.now()).toISOString(), ...event });
  }
}

const roundMs = (ms: number): number => Math.round(ms * 10) / 10;
