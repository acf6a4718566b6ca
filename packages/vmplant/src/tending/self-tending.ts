/**
 * The plant's side of self-tending: remembers requests, suggests images, and builds them when idle if it is configured
 * to.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { Durations, LineReports } from '@vmgrid/bidding';
import { type Log, runInSlices, systemClock } from '@vmgrid/daemon';
import { type CreateRequest, type Identified, parseDuration, type ReplayableRequest } from '@vmgrid/protocol';
import type { Warehouse } from '@vmgrid/warehouse';
import type { PlantConfig } from '../config.ts';
import type { ImageBuilder } from '../images/image-builder.ts';
import { Activity } from './activity.ts';
import { Advisor } from './advisor.ts';
import { SUGGEST_LIMITS } from './limits.ts';
import { type CompletedCreation, recordedRequest } from './recorded-request.ts';
import { replayable } from './replayable-request.ts';
import { RequestLog } from './request-log.ts';
import { TendedImages } from './tended-images.ts';
import { Tending } from './tending.ts';

export interface SelfTendingDeps {
  readonly database: DatabaseSync;
  readonly warehouse: Warehouse;
  readonly lines: LineReports;
  readonly durations: Durations;
  readonly imageBuilder: ImageBuilder;
  readonly log: Log;
  /** Called when the plant's images or resources have changed. */
  readonly changed: () => void;
}

export class SelfTending {
  readonly advisor: Advisor;
  readonly #requests: RequestLog;
  readonly #activity = new Activity(systemClock);
  readonly #tending: Tending;
  readonly #isEnabled: boolean;
  readonly #log: Log;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(deps: SelfTendingDeps, { plantId, tending }: PlantConfig) {
    const { database, imageBuilder, log } = deps;
    const tended = new TendedImages(database);
    this.#requests = new RequestLog(database);
    this.#log = log;
    this.#isEnabled = tending.enabled;
    this.advisor = new Advisor({ ...deps, requests: this.#requests, tended, clock: systemClock }, { plantId });
    this.#tending = new Tending(
      {
        activity: this.#activity,
        advisor: this.advisor,
        tended,
        build: (request, signal) => imageBuilder.build(request, signal, { givesWay: true }).finally(deps.changed),
        log,
      },
      {
        idleForMs: parseDuration(tending.idleFor),
        quotaBytes: tending.quotaMiB * 1_048_576,
        minimumSavedSeconds: tending.minimumSavedSeconds,
      },
    );
  }

  start(): void {
    if (this.#isEnabled) this.#running = this.#tending.run(this.#stopping.signal);
  }

  /** Resolves when nothing is left of a build. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /**
   * Remembers a request that was carried out. Never throws, because the machine runs whether it is remembered or not.
   */
  record(request: Identified<CreateRequest>, outcome: CompletedCreation): void {
    try {
      this.#requests.add(recordedRequest(request, outcome), request.dag);
    } catch (error) {
      this.#log.warn({ err: error, requestId: request.requestId }, 'a request could not be recorded');
    }
  }

  /** Returns the remembered requests in their exported form, with pseudonyms, the newest first. */
  recorded(pseudonymKey: string, signal: AbortSignal): Promise<readonly ReplayableRequest[]> {
    const { sliceMs } = SUGGEST_LIMITS;
    return runInSlices(this.#withPseudonyms(pseudonymKey), { sliceMs, signal }, systemClock);
  }

  *#withPseudonyms(pseudonymKey: string): Generator<void, readonly ReplayableRequest[]> {
    const requests: ReplayableRequest[] = [];
    for (const request of yield* this.#requests.requests(systemClock.now())) {
      requests.push(replayable(request, pseudonymKey));
      yield;
    }
    return requests;
  }

  /** Does requested work, after unrequested work has given way. */
  during<T>(work: () => Promise<T>): Promise<T> {
    return this.#activity.during(async () => {
      await this.#tending.giveWay();
      return work();
    });
  }
}
