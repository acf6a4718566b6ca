/** The shops and brokers above, whoever dialled. All of them get the same notifications. */
import type { Server } from 'node:http';
import type { BidderEvents } from '../bidder.ts';
import type { LinkTrust } from '../link-trust.ts';
import type { LowerEnd } from '../lower-session.ts';
import { type AcceptedLinks, type AcceptLinksOptions, acceptLinks } from '../serving/accept-links.ts';
import { dialLink, type LinkClient } from './dial-link.ts';
import type { LinkState } from './dialling.ts';

export interface UpstreamsOptions extends LowerEnd {
  readonly trust: LinkTrust;
  readonly urls: readonly string[];
  /** Called for each link that comes up, also when it comes up again. */
  opened?(link: LinkClient): void;
}

export class Upstreams {
  #links: readonly LinkClient[] = [];
  #accepted: AcceptedLinks | undefined;

  /** Accepts the links of those that dial down, on an HTTP server. Call it once. */
  accept(server: Server, options: AcceptLinksOptions): void {
    this.#accepted = acceptLinks(server, options);
  }

  /**
   * Dials all of them for good; resolves when the first has answered the hello, or at once when there is none to dial.
   */
  dial({ urls, opened, ...options }: UpstreamsOptions): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const changed = (index: number) => (state: LinkState) => {
      if (state !== 'open') return;
      opened?.(this.#links[index]!);
      resolve();
    };
    this.#links = urls.map((url, index) => dialLink({ ...options, url, random: Math.random, changed: changed(index) }));
    if (urls.length === 0) resolve();
    return promise;
  }

  /** The links that this end dials. */
  get links(): readonly LinkClient[] {
    return this.#links;
  }

  notify<E extends keyof BidderEvents>(event: E, value: BidderEvents[E]): void {
    for (const link of this.#links) link.notify(event, value);
    this.#accepted?.notify(event, value);
  }

  async close(): Promise<void> {
    await Promise.all([this.#accepted?.close(), ...this.#links.map((link) => link.close())]);
  }
}
