/**
 * The policy of self-tending. When the plant has been idle for a while, it builds the image that would have saved most,
 * one at a time, and gives way as soon as there is work. A proposal that was tried once, with or without success, is
 * not tried again until the plant restarts.
 *
 *   idle for `idleFor` → propose ─ nothing → wait for work ─┐
 *        ↑                  └─ build ─ built or failed ─────┤
 *        └─────────────────────── abandoned ←── work ───────┘
 */
import type { Log } from '@vmgrid/daemon';
import { type BuildImageRequest, GridError, type Identified } from '@vmgrid/protocol';
import { v7 as uuid } from 'uuid';
import type { BuiltImage } from '../images/image-builder.ts';
import type { Activity } from './activity.ts';
import type { Advisor, Proposal } from './advisor.ts';
import type { TendedImages } from './tended-images.ts';

export interface TendingDeps {
  readonly activity: Activity;
  readonly advisor: Pick<Advisor, 'propose'>;
  readonly tended: Pick<TendedImages, 'add'>;
  readonly build: (request: Identified<BuildImageRequest>, signal: AbortSignal) => Promise<BuiltImage>;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
}

export interface TendingOptions {
  readonly idleForMs: number;
  readonly quotaBytes: number;
  readonly minimumSavedSeconds: number;
}

/** Proposals remembered as tried; the oldest are forgotten first. */
const TRIED_KEPT = 1_000;

export class Tending {
  readonly #deps: TendingDeps;
  readonly #options: TendingOptions;
  readonly #tried = new Set<string>();
  #build: { readonly stop: AbortController; readonly ended: Promise<unknown> } | undefined;

  constructor(deps: TendingDeps, options: TendingOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Runs until the signal aborts, and resolves when nothing is left of a build. */
  async run(signal: AbortSignal): Promise<void> {
    const { activity, log } = this.#deps;
    try {
      for (;;) {
        await activity.idleFor(this.#options.idleForMs, signal);
        if (!(await this.#tend(signal))) await activity.nextWork(signal);
      }
    } catch (error) {
      if (!signal.aborted) log.error({ err: error }, 'self-tending ended by a fault');
    }
  }

  /** Abandons a build. Resolves when it is undone, so that its resources are free. */
  async giveWay(): Promise<void> {
    this.#build?.stop.abort(new GridError('CANCELLED', 'the plant needs the room'));
    await this.#build?.ended;
  }

  #propose(signal: AbortSignal): Promise<Proposal | undefined> {
    const tried = (key: string) => this.#tried.has(key);
    return this.#deps.advisor.propose({ ...this.#options, tried }, signal);
  }

  /** Returns false when nothing is to be done until there has been work. */
  async #tend(signal: AbortSignal): Promise<boolean> {
    const proposal = await this.#propose(signal);
    if (!proposal) return false;
    const stop = new AbortController();
    const until = AbortSignal.any([signal, stop.signal, this.#deps.activity.untilWork]);
    const ended = this.#carryOut(proposal, until);
    this.#build = { stop, ended };
    await ended;
    this.#build = undefined;
    return true;
  }

  /** Never rejects: failures are in the log. */
  async #carryOut({ key, machine, dag, suggestion }: Proposal, signal: AbortSignal): Promise<void> {
    const { build, log, tended } = this.#deps;
    const actions = dag.actions.map(({ id }) => id);
    const { savedSeconds, bytes } = suggestion;
    const requests = suggestion.cases.reduce((sum, { count }) => sum + count, 0);
    log.info({ actions, requests, savedSeconds, bytes }, 'the plant is idle and builds an image that would save time');
    try {
      signal.throwIfAborted();
      const { image, built } = await build({ requestId: `tending-${uuid()}`, machine, dag }, signal);
      if (built) tended.add(image.manifest.id);
      log.info({ imageId: image.manifest.id, built, actions }, 'the image is there');
      this.#remember(key);
    } catch (error) {
      if (signal.aborted) log.info({ actions, reason: String(signal.reason) }, 'the image was abandoned');
      else this.#failed(key, error);
    }
  }

  #failed(key: string, error: unknown): void {
    this.#remember(key);
    this.#deps.log.warn({ err: error }, 'an image that would save time could not be built');
  }

  #remember(key: string): void {
    this.#tried.add(key);
    if (this.#tried.size > TRIED_KEPT) this.#tried.delete(this.#tried.values().next().value!);
  }
}
