/**
 * Publishes everything that the plant's bids depend on to every upstream: the whole when a link comes up, then each
 * change.
 */
import { type Asked, type OfferBook, OfferFeed, type OfferRest } from '@vmgrid/bidding';
import { type Clock, type Log, oneAtATime } from '@vmgrid/daemon';
import type { LinkAbove } from '@vmgrid/protocol';

export interface OfferPublisherDeps {
  /** Returns the small rest of the offer, or the reason why the plant must be asked. */
  readonly rest: () => Promise<OfferRest | Asked>;
  readonly book: OfferBook;
  readonly log: Log;
  readonly clock: Pick<Clock, 'sleep'>;
  /** Whether the load average of the host may be another at any time. */
  readonly loadChanges: boolean;
}

/** How often the load average is read; it changes all the time. */
const LOAD_TOLD_MS = 10_000;

export class OfferPublisher {
  readonly #deps: OfferPublisherDeps;
  readonly #feeds = new Map<LinkAbove, OfferFeed>();
  readonly #closing = new AbortController();
  readonly #publishing = oneAtATime(() => this.#publish());
  #watching: Promise<void> | undefined;

  constructor(deps: OfferPublisherDeps) {
    this.#deps = deps;
  }

  /** Called when a link comes up, for the first time or again. */
  opened(link: LinkAbove): void {
    this.#feeds.set(link, new OfferFeed((event) => link.notify('offer', event)));
    if (this.#deps.loadChanges) this.#watching ??= this.#watchLoad();
    void this.changed();
  }

  /** Called when a link ends for good. */
  ended(link: LinkAbove): void {
    this.#feeds.delete(link);
  }

  /**
   * Call it when something that bids depend on may have changed. Several changes at once are published as one. Resolves
   * when the change was sent, so that every later message of the plant arrives after it. Never rejects.
   */
  changed(): Promise<void> {
    return this.#publishing();
  }

  /** Publishes nothing from now on. */
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
      this.#tell(await this.#deps.rest());
    } catch (error) {
      this.#deps.log.error({ err: error }, 'the standing offer could not be told: the plant is asked');
      this.#withdraw('the plant failed to say what its bids depend on');
    }
  }

  #tell(rest: OfferRest | Asked): void {
    const telling = 'askedBecause' in rest ? rest : this.#deps.book.tell(rest);
    if ('askedBecause' in telling) this.#withdraw(telling.askedBecause);
    else for (const feed of this.#feeds.values()) feed.tell(telling);
  }

  #withdraw(reason: string): void {
    for (const feed of this.#feeds.values()) feed.withdraw(reason);
  }
}
