/**
 * Reads the runner's report of one run and records it. The guest is not trusted: anything out of the runner's order
 * ends the configuration.
 */
import type { Clock } from '@vmgrid/daemon';
import type { Action } from '@vmgrid/dag';
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
}

/** For a run whose actions are not booked: a recover script of a host action, or a run without actions. */
export const NOTHING_BOOKED: BookedActions | undefined = undefined;

interface Current {
  readonly action: Action;
  readonly index: number;
  readonly attempt: number;
  output: string;
  toldAttributes: boolean;
}

export class GuestReport {
  readonly #lines: AsyncIterator<string>;
  readonly #booked: BookedActions | undefined;
  readonly #progress: ConfigurationProgress;
  readonly #phases: Phases;
  readonly #clock: Clock;
  readonly #noise: string[] = [];
  #ended = 0;
  #current: Current | undefined;
  /** The action that began last. */
  #last: Action | undefined;

  constructor(
    lines: AsyncIterable<string>,
    booked: BookedActions | undefined,
    deps: { readonly progress: ConfigurationProgress; readonly phases: Phases; readonly clock: Clock },
  ) {
    this.#lines = lines[Symbol.asyncIterator]();
    this.#booked = booked;
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

  /**
   * Reads on to the end of the report, which comes when the runner is gone: only then is its port free and the disc
   * let go. @throws ActionsFailed, GridError GUEST_LOST, GUEST_UNREACHABLE
   */
  async toEnd(): Promise<void> {
    let finished = false;
    for (let event = await this.#next(); event; event = await this.#next()) {
      if (event.event === 'finished') finished = true;
      else if (this.#booked) this.#book(event, this.#booked);
      else this.#bookOther(event);
    }
    if (!finished) throw this.#cutShort();
  }

  async #next(): Promise<RunnerEvent | undefined> {
    const { done, value } = await this.#lines.next().catch((error: unknown) => {
      const restarted = error instanceof GridError && error.code === 'GUEST_RESTARTED' && this.#last;
      throw restarted ? this.#progress.restarted(restarted, error) : error;
    });
    return done ? undefined : parseReportLine(value);
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
      case 'loses':
        this.#at(event);
        this.#progress.loses(event.text);
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
    this.#current = { action, index, attempt, output: '', toldAttributes: false };
    this.#last = action;
    this.#progress.began(action);
    if (attempt === 1) this.#phases.action(action.id, 'started');
  }

  #end({ index, exitCode, timedOut, durationMs, attempts }: Extract<RunnerEvent, { event: 'end' }>): void {
    const { action, attempt, output } = this.#at({ event: 'end', index });
    if (attempts !== attempt) throw outOfOrder(`end ${index} after ${attempts} attempts`);
    this.#current = undefined;
    this.#ended += 1;
    this.#phases.action(action.id, exitCode === 0 ? 'done' : 'failed', durationMs);
    if (exitCode === 0) this.#progress.succeeded(action, durationMs, this.#clock.now());
    else this.#progress.failed(action, { exitCode, timedOut, output });
  }

  /** The action under way, which alone may be spoken of. */
  #at({ event, index }: { readonly event: string; readonly index: number | undefined }): Current {
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
    return new GridError('GUEST_LOST', 'the report of the runner in the guest was cut short', { output });
  }
}

const outOfOrder = (what: string): GridError =>
  new GridError('GUEST_UNREACHABLE', `the report of the runner in the guest is out of order at: ${what}`);
