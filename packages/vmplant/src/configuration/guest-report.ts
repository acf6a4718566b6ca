/** Reads the runner's report of one segment and books what it tells. The guest is not trusted: it may say anything. */

import { type Clock, systemClock } from '@vmgrid/daemon';
import type { Action } from '@vmgrid/dag';
import { GridError } from '@vmgrid/protocol';
import { ATTRIBUTES_LIMIT_BYTES, parseReportLine, type RunnerEvent } from '../guest/report.ts';
import type { Phases } from '../phases.ts';
import type { ConfigurationProgress } from './configuration.ts';

/** Lines of a report that are no report, kept for an error message. */
const NOISE_LINES = 20;

export class GuestReport {
  readonly #lines: AsyncIterator<string>;
  readonly #actions: readonly Action[];
  readonly #progress: ConfigurationProgress;
  readonly #phases: Phases;
  readonly #clock: Clock;
  readonly #noise: string[] = [];
  #output = '';

  /** `actions` by the numbers that the report speaks of them. */
  constructor(
    lines: AsyncIterable<string>,
    actions: readonly Action[],
    deps: { readonly progress: ConfigurationProgress; readonly phases: Phases; readonly clock?: Clock },
  ) {
    this.#lines = lines[Symbol.asyncIterator]();
    this.#actions = actions;
    this.#progress = deps.progress;
    this.#phases = deps.phases;
    this.#clock = deps.clock ?? systemClock;
  }

  /** Reads on until the guest has its own identity. */
  async untilIdentity(): Promise<void> {
    for (let event = await this.#next(); event?.event !== 'identity'; event = await this.#next()) {
      if (!event) throw this.#cutShort();
      this.#book(event);
    }
  }

  /**
   * Reads on to the end of the report, which comes when the runner is gone: only then is its port free and the disc let go.
   * @throws ActionsFailed, GridError GUEST_LOST
   */
  async toEnd(): Promise<void> {
    let finished = false;
    for (let event = await this.#next(); event; event = await this.#next()) {
      if (event.event === 'finished') finished = true;
      else this.#book(event);
    }
    if (!finished) throw this.#cutShort();
  }

  async #next(): Promise<RunnerEvent | undefined> {
    const { done, value } = await this.#lines.next();
    return done ? undefined : parseReportLine(value);
  }

  #book(event: RunnerEvent): void {
    switch (event.event) {
      case 'begin':
        this.#began(event.index, event.attempt);
        break;
      case 'output':
        this.#output = event.text;
        break;
      case 'attributes':
        this.#progress.told(this.#actionAt(event.index), event.text);
        break;
      case 'attributes-too-long':
        this.#progress.toldTooMuch(this.#actionAt(event.index), ATTRIBUTES_LIMIT_BYTES);
        break;
      case 'end':
        this.#ended(event);
        break;
      case 'noise':
        this.#noise.push(event.line);
        if (this.#noise.length > NOISE_LINES) this.#noise.shift();
        break;
      case 'broken':
        throw new GridError('GUEST_UNREACHABLE', `the runner in the guest cannot go on: ${event.text.trim()}`);
      case 'identity':
      case 'finished':
      case 'recovered':
      case 'stopped':
      case 'warning':
        break;
    }
  }

  #began(index: number, attempt: number): void {
    const action = this.#actionAt(index);
    if (!action) return;
    this.#output = '';
    this.#progress.began(action);
    if (attempt === 1) this.#phases.action(action.id, 'started');
  }

  #ended({ index, exitCode, timedOut, durationMs }: Extract<RunnerEvent, { event: 'end' }>): void {
    const action = this.#actionAt(index);
    if (!action) return;
    this.#phases.action(action.id, exitCode === 0 ? 'done' : 'failed', durationMs);
    if (exitCode === 0) this.#progress.succeeded(action, durationMs, this.#clock.now());
    else this.#progress.failed(action, { exitCode, timedOut, output: this.#output });
  }

  #actionAt(index: number | undefined): Action | undefined {
    return index === undefined ? undefined : this.#actions[index];
  }

  #cutShort(): GridError {
    const output = this.#noise.join('\n');
    return new GridError('GUEST_LOST', 'the report of the runner in the guest was cut short', { output });
  }
}
