/** The upper end of links. Shops and brokers listen and bidders dial up; bidders that listen themselves are dialled. */
import type { Server } from 'node:http';
import { LINK_LIMITS, type LinkLimits } from '../../limits.ts';
import { Dialling } from '../dialling/dialling.ts';
import type { Bidder, LinkListener } from '../link.ts';
import type { LinkLog } from '../link-log.ts';
import type { LinkTrust } from '../link-trust.ts';
import { acceptUpgrades } from './accept-upgrades.ts';
import { BidderRegister } from './bidder-register.ts';

export interface ServeLinkOptions {
  readonly trust: LinkTrust;
  readonly log: LinkLog;
  readonly limits?: Partial<LinkLimits>;
}

export interface LinkServer {
  /** Bidders that have said hello and not left, in the order in which they joined. */
  bidders(): readonly Bidder[];
  /**
   * Static binding: dials a bidder that listens, and again whenever the link ends, until `close`. Such links count as
   * connections, but the limit refuses none of them. `random` gives [0, 1), for the jitter of the back-off.
   */
  dial(url: string, random: () => number): void;
  /** Accepts and dials no more links, and ends the open ones; the listener is told that each bidder left. */
  close(): void;
}

/**
 * Mounts the upper end on an HTTP server, as `acceptUpgrades` describes. When a plant id comes twice, over links
 * dialled by either side, the newer link replaces the older one. If another live process has the older link, the newer
 * link is refused.
 */
export function serveLink(server: Server, listener: LinkListener, options: ServeLinkOptions): LinkServer {
  const { log, trust } = options;
  const limits: LinkLimits = { ...LINK_LIMITS, ...options.limits };
  const register = new BidderRegister(listener, limits, log);
  const closing = new AbortController();
  const stopAccepting = acceptUpgrades(
    server,
    {
      isFull: () => register.isFull,
      admit: (request) => trust.admitBelow(request),
      accept: (socket, { socket: { remoteAddress, remotePort } }, who) =>
        void register.take(socket, { who, address: `${remoteAddress}:${remotePort}` }),
    },
    { limits, log },
  );
  return {
    bidders: () => register.bidders(),
    dial(url, random) {
      const { signal } = closing;
      new Dialling({
        ...{ url, random, limits, log, signal },
        credentials: () => trust.credentials(),
        recognize: (response) => trust.recognizeBelow(response),
        session: (socket, { opened, who }) => register.take(socket, { who, address: url }, opened),
      });
    },
    close() {
      stopAccepting();
      closing.abort();
      register.close();
    },
  };
}
