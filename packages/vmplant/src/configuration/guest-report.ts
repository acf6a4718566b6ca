/**
 * Reads the runner's report of one run and records it. The guest is not trusted: anything out of the runner's order
 * ends the configuration.
 */
import type { Clock } from '@vmgrid/daemon';
import { type Action, restartsMachine } from '@vmgrid/dag';
import { ATTRIBUTES_LIMIT_BYTES, parseReportLine, type RunnerEvent } from '@vmgrid/lines';
import { GridError } from '@vmgrid/protocol';
import type { Phases } from '../vms/phases.ts';
import type { ConfigurationProgress } from './configuration.ts';

/** Lines that are no report and are kept for an error message, and the characters kept of each. */
const NOISE_LINES = 20;
const NOISE_LINE_CHARS = 500;

/** The consecutive actions that a run executes; the report refers to them by their indexes, starting at `first`. */
export interface BookedActions {
  readonly first: number;
  readonly actions: readonly Action[];
  /** The first of them, when it restarted the machine before this run. */
  readonly restarted?: ActionUnderWay;
}

/** For a run whose actions are not booked: a recover script of a host action, or a run without actions. */
export const NOTHING_BOOKED: BookedActions | undefined = undefined;

export interface ActionUnderWay {
  readonly action: Action;
  readonly index: number;
  readonly attempt: number;
  /** When its first attempt began, by the monotonic clock. */
  readonly beganAt: number;
  output: string;
  toldAttributes: boolean;
  /** Whether its recover script runs. */
  recovers: boolean;
}

/** A report that was cut off before its end. */
export interface CutOff {
  readonly error: GridError;
  /** The action that began last. */
  readonly last: Action | undefined;
  /** Where the action under way is one that restarts the machine: what there is to book after that. */
  readonly restarting: Restarting | undefined;
}

export interface Restarting extends BookedActions {
  readonly restarted: ActionUnderWay;
}

export class GuestReport {
  readonly #lines: AsyncIterator<string>;
  readonly #booked: BookedActions | undefined;
  readonly #progress: ConfigurationProgress;
  readonly #phases: Phases;
  readonly #clock: Clock;
  readonly #noise: string[] = [];
  #ended = 0;
  #current: ActionUnderWay | undefined;
  /** The action that began last. */
  #last: Action | undefined;

  constructor(
    lines: AsyncIterable<string>,
    booked: BookedActions | undefined,
    deps: { readonly progress: ConfigurationProgress; readonly phases: Phases; readonly clock: Clock },
  ) {
    this.#lines = lines[Symbol.asyncIterator]();
    this.#booked = booked;
    this.#current = booked?.restarted;
    this.#last = booked?.restarted?.action;
    this.#progress = deps.progress;
    this.#phases = deps.phases;
    this.#clock = deps.clock;
  }

  /** Reads until the guest has its own identity. */
  async untilIdentity(): Promise<void> {
    for (let event = await this.#next(); event?.event !== 'identity'; event = await this.#next()) {
      if (!event) throw this.#cutShort();
      if (event.event === 'attributes' && event.index === undefined) this.#progress.toldIdentity(event.text);
      else this.#bookOther(event);
    }
  }

  /** Reads on until the action that restarted the machine is booked. */
  async untilRestarted(): Promise<void> {
    for (let event = await this.#next(); event; event = await this.#next()) {
      this.#bookAny(event);
      if (event.event === 'restarted') return;
    }
    throw this.#cutShort();
  }

  /**
   * Reads on to the end of the report, which comes when the runner is gone: only then is its port free and the disc
   * let go. Resolves with what is known of it when it was cut off. @throws ActionsFailed, GridError GUEST_LOST,
   * GUEST_UNREACHABLE
   */
  async toEnd(): Promise<CutOff | undefined> {
    let finished = false;
    try {
      for (let event = await this.#next(); event; event = await this.#next()) {
        if (event.event === 'finished') finished = true;
        else this.#bookAny(event);
      }
      return finished ? undefined : this.#cutOff(this.#cutShort());
    } catch (error) {
      if (!(error instanceof GridError) || error.code !== 'GUEST_RESTARTED') throw error;
      return this.#cutOff(error);
    }
  }

  #cutOff(error: GridError): CutOff {
    return { error, last: this.#last, restarting: this.#restarting() };
  }

  #restarting(): Restarting | undefined {
    const current = this.#current;
    if (!current || !restartsMachine(current.action) || current.recovers) return undefined;
    const actions = this.#booked!.actions.slice(this.#ended);
    return { first: current.index, actions, restarted: current };
  }

  async #next(): Promise<RunnerEvent | undefined> {
    const { done, value } = await this.#lines.next();
    return done ? undefined : parseReportLine(value);
  }

  #bookAny(event: RunnerEvent): void {
    if (this.#booked) this.#book(event, this.#booked);
    else this.#bookOther(event);
  }

  #book(event: RunnerEvent, booked: BookedActions): void {
    switch (event.event) {
      case 'begin':
        this.#begin(event.index, event.attempt, booked);
        break;
      case 'output':
        this.#at(event).output = event.text;
        break;
      case 'attributes':
        this.#progress.told(this.#tellingOnce(event), event.text);
        break;
      case 'attributes-too-long':
        this.#progress.toldTooMuch(this.#tellingOnce(event), ATTRIBUTES_LIMIT_BYTES);
        break;
      case 'attributes-not-utf-8':
        this.#progress.toldNoText(this.#tellingOnce(event));
        break;
      case 'loses':
        this.#at(event);
        this.#progress.loses(event.text);
        break;
      case 'recovers':
        this.#at(event).recovers = true;
        break;
      case 'restarts':
        if (!restartsMachine(this.#at(event).action)) throw outOfOrder(`restarts ${event.index}`);
        break;
      case 'restarted':
        this.#restarted(this.#at(event), booked);
        break;
      case 'end':
        this.#end(event);
        break;
      default:
        this.#bookOther(event);
    }
  }

  /**
   * Handles lines that belong to no action: noise is kept, a broken runner ends the run, everything else is ignored.
   */
  #bookOther(event: RunnerEvent): void {
    if (event.event === 'broken') {
      const text = event.text.trim().slice(0, NOISE_LINE_CHARS);
      throw new GridError('GUEST_UNREACHABLE', `the runner in the guest cannot go on: ${text}`);
    }
    if (event.event !== 'noise') return;
    this.#noise.push(event.line.slice(0, NOISE_LINE_CHARS));
    if (this.#noise.length > NOISE_LINES) this.#noise.shift();
  }

  #begin(index: number, attempt: number, { first, actions }: BookedActions): void {
    const action = actions[this.#ended];
    const isNext = action && index === first + this.#ended && attempt === (this.#current?.attempt ?? 0) + 1;
    if (!isNext || attempt > (action.retries ?? 0) + 1) throw outOfOrder(`begin ${index} ${attempt}`);
    const beganAt = this.#current?.beganAt ?? this.#clock.monotonic();
    this.#current = { ...{ action, index, attempt, beganAt }, output: '', toldAttributes: false, recovers: false };
    this.#last = action;
    this.#progress.began(action);
    if (attempt === 1) this.#phases.action(action.id, 'started');
  }

  #end({ index, exitCode, timedOut, durationMs, attempts }: Extract<RunnerEvent, { event: 'end' }>): void {
    const { action, attempt, output } = this.#at({ event: 'end', index });
    if (attempts !== attempt) throw outOfOrder(`end ${index} after ${attempts} attempts`);
    if (exitCode === 0 && restartsMachine(action)) throw outOfOrder(`end ${index} without a restart`);
    this.#endCurrent();
    this.#phases.action(action.id, exitCode === 0 ? 'done' : 'failed', durationMs);
    if (exitCode === 0) this.#progress.succeeded(action, durationMs, this.#clock.now());
    else this.#progress.failed(action, { exitCode, timedOut, output });
  }

  /** How long it took, the machine's boot included, only the plant can tell. */
  #restarted(current: ActionUnderWay, { restarted }: BookedActions): void {
    if (current !== restarted) throw outOfOrder(`restarted ${current.index}`);
    const durationMs = Math.round(this.#clock.monotonic() - current.beganAt);
    this.#endCurrent();
    this.#phases.action(current.action.id, 'done', durationMs);
    this.#progress.succeeded(current.action, durationMs, this.#clock.now());
  }

  #endCurrent(): void {
    this.#current = undefined;
    this.#ended += 1;
  }

  /** The action under way, which alone may be spoken of. */
  #at({ event, index }: { readonly event: string; readonly index: number | undefined }): ActionUnderWay {
    if (this.#current?.index !== index || !this.#current) throw outOfOrder(`${event} ${index ?? '-'}`);
    return this.#current;
  }

  #tellingOnce(event: { readonly event: string; readonly index: number | undefined }): Action {
    const current = this.#at(event);
    if (current.toldAttributes) throw outOfOrder(`${event.event} ${event.index} a second time`);
    current.toldAttributes = true;
    return current.action;
  }

  #cutShort(): GridError {
    const output = this.#noise.join('\n');
    const when = this.#last && ` during the action ${this.#last.id}, or after it`;
    const message = `the runner in the guest ended${when ?? ''} without its last word: something there has killed it`;
    return new GridError('GUEST_LOST', message, { ...(this.#last && { actionId: this.#last.id }), output });
  }
}

const outOfOrder = (what: string): GridError =>
  new GridError('GUEST_UNREACHABLE', `the report of the runner in the guest is out of order at: ${what}`);
