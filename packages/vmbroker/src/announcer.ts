/**
 * Tells the shops and brokers above which plants are below and what VMs they have: all after a hello, then each change.
 */
import type { MemberChange, Membership, VmBook } from '@vmgrid/market';
import type { LinkClient, PlantBelow, VmsEvent } from '@vmgrid/protocol';
import { UpstreamFeed } from './upstream-feed.ts';

export class Announcer {
  /** The feed of each link, made when the link last came up. */
  readonly #feeds = new Map<LinkClient, UpstreamFeed>();

  /** To one that has just heard the hello and knows of no plant. Resolves when all is told, or the link has ended. */
  tellAll(
    link: LinkClient,
    { membership, book }: { readonly membership: Pick<Membership, 'plants'>; readonly book: Pick<VmBook, 'whole'> },
  ): Promise<void> {
    const plants = membership.plants().map(({ bidder, via }): PlantBelow => {
      const { plantId, hello } = bidder;
      return { plantId, version: hello.version, via };
    });
    this.#feeds.get(link)?.stop();
    const feed = new UpstreamFeed(link, { plants, book });
    this.#feeds.set(link, feed);
    return feed.tellAll();
  }

  tellChange(change: MemberChange): void {
    if (change.role === 'broker') return;
    for (const feed of this.#feeds.values()) feed.member(change);
  }

  /** Passes on what plants told of their VMs. */
  tellVms(events: readonly VmsEvent[]): void {
    for (const feed of this.#feeds.values()) feed.vms(events);
  }
}
