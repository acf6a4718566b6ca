import type { BidderEvents, LinkListener } from '@vmgrid/protocol';

/** Tells several listeners of one link's upper end, each in its turn. */
export function listenAll(...listeners: readonly LinkListener[]): LinkListener {
  return {
    joined: (bidder) => {
      for (const one of listeners) one.joined(bidder);
    },
    left: (bidder, reason) => {
      for (const one of listeners) one.left(bidder, reason);
    },
    notified: <E extends keyof BidderEvents>(
      bidder: Parameters<LinkListener['joined']>[0],
      event: E,
      value: BidderEvents[E],
    ) => {
      for (const one of listeners) one.notified(bidder, event, value);
    },
    heard: (bidder) => {
      for (const one of listeners) one.heard(bidder);
    },
    refused: (bidder, rival) => {
      for (const one of listeners) one.refused?.(bidder, rival);
    },
    silent: (bidder) => {
      for (const one of listeners) one.silent?.(bidder);
    },
  };
}
