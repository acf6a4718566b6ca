/** The shops and brokers above: one link each, all told the same. */
import type { BidderEvents, Hello } from './bidder.ts';
import { dialLink, type LinkClient, type LinkState } from './dial-link.ts';
import type { BidderHandlers } from './link.ts';
import type { LinkLog } from './link-log.ts';

export interface UpstreamsOptions {
  readonly urls: readonly string[];
  hello(): Hello;
  readonly handlers: BidderHandlers;
  readonly log: LinkLog;
  /** Told of each link that comes up, and comes up again. */
  opened?(link: LinkClient): void;
}

export class Upstreams {
  #links: readonly LinkClient[] = [];

  /** Dials all of them, for good; resolves when the first has answered the hello. */
  dial({ urls, opened, ...options }: UpstreamsOptions): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const changed = (index: number) => (state: LinkState) => {
      if (state !== 'open') return;
      opened?.(this.#links[index]!);
      resolve();
    };
    this.#links = urls.map((url, index) => dialLink({ ...options, url, random: Math.random, changed: changed(index) }));
    return promise;
  }

  get links(): readonly LinkClient[] {
    return this.#links;
  }

  notify<E extends keyof BidderEvents>(event: E, value: BidderEvents[E]): void {
    for (const link of this.#links) link.notify(event, value);
  }

  async close(): Promise<void> {
    await Promise.all(this.#links.map((link) => link.close()));
  }
}
