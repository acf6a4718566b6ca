/** Publishes what the plant's bids depend on to every upstream: the whole when a link comes up, then each change. */
import { OfferFeed } from '@vmgrid/bidding';
import { type Clock, type Log, oneAtATime } from '@vmgrid/daemon';
import type { LinkAbove, StandingOffer } from '@vmgrid/protocol';

export interface OfferPublisherDeps {
  /** The offer now; a reason when the plant has to be asked. */
  readonly offer: () => Promise<StandingOffer | { readonly askedBecause: string }>;
  readonly log: Log;
  readonly clock: Pick<Clock, 'sleep'>;
}

/** The load average changes all the time; it is looked at this often, and told when it has moved so far. */
const LOAD_TOLD_MS = 10_000;
const LOAD_STEP = 0.25;

export class OfferPublisher {
  readonly #deps: OfferPublisherDeps;
  readonly #feeds = new Map<LinkAbove, OfferFeed>();
  readonly #closing = new AbortController();
  readonly #publishing = oneAtATime(() => this.#publish());
  #told: StandingOffer | undefined;
  #watching: Promise<void> | undefined;

  constructor(deps: OfferPublisherDeps) {
    this.#deps = deps;
  }

  /** A link is up, for the first time or anew. */
  opened(link: LinkAbove): void {
    this.#feeds.set(link, new OfferFeed((event) => link.notify('offer', event)));
    this.#watching ??= this.#watchLoad();
    void this.changed();
  }

  /** A link that does not come up anew. */
  ended(link: LinkAbove): void {
    this.#feeds.delete(link);
  }

  /**
   * What bids depend on may have changed. Several changes at once are told as one. Resolves when it was told: whoever hears
   * from the plant after that knows. Never rejects.
   */
  changed(): Promise<void> {
    return this.#publishing();
  }

  /** Nothing is published any more. */
  close(): void {
    this.#closing.abort();
    this.#feeds.clear();
  }

  async #watchLoad(): Promise<void> {
    const { signal } = this.#closing;
    const tick = () => this.#deps.clock.sleep(LOAD_TOLD_MS, signal).catch(() => undefined);
    for (await tick(); !signal.aborted; await tick()) await this.changed();
  }

  async #publish(): Promise<void> {
    try {
      this.#tell(await this.#deps.offer());
    } catch (error) {
      this.#deps.log.error({ err: error }, 'the standing offer could not be told: the plant is asked');
      for (const feed of this.#feeds.values()) feed.withdraw('the plant failed to say what its bids depend on');
    }
  }

  #tell(now: StandingOffer | { readonly askedBecause: string }): void {
    if ('askedBecause' in now) {
      for (const feed of this.#feeds.values()) feed.withdraw(now.askedBecause);
      return;
    }
    const offer = withSteadyLoad(now, this.#told);
    this.#told = offer;
    for (const feed of this.#feeds.values()) feed.tell(offer);
  }
}

function withSteadyLoad(now: StandingOffer, told: StandingOffer | undefined): StandingOffer {
  const loadAverage = told?.plant.loadAverage;
  if (loadAverage === undefined || Math.abs(now.plant.loadAverage - loadAverage) >= LOAD_STEP) return now;
  return { ...now, plant: { ...now.plant, loadAverage } };
}
