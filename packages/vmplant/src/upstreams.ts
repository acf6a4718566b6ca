/** The shops and brokers above: one link each, all told the same. */
import type { Log } from '@vmgrid/daemon';
import { type BidderEvents, type BidderHandlers, dialLink, type Hello, type LinkClient } from '@vmgrid/protocol';

export class Upstreams {
  #links: readonly LinkClient[] = [];

  /** Dials all of them, for good; resolves when the first has answered the hello. */
  dial(urls: readonly string[], hello: () => Hello, handlers: BidderHandlers, log: Log): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const changed = (state: LinkClient['state']) => {
      if (state === 'open') resolve();
    };
    this.#links = urls.map((url) => dialLink({ url, hello, handlers, log, random: Math.random, changed }));
    return promise;
  }

  notify<E extends keyof BidderEvents>(event: E, value: BidderEvents[E]): void {
    for (const link of this.#links) link.notify(event, value);
  }

  async close(): Promise<void> {
    await Promise.all(this.#links.map((link) => link.close()));
  }
}
