/** The upper end of links: shops and brokers listen, bidders dial up; those that listen themselves are dialled. */
import type { Server } from 'node:http';
import { LINK_LIMITS, type LinkLimits } from '../limits.ts';
import { acceptUpgrades } from './accept-upgrades.ts';
import { BidderRegister } from './bidder-register.ts';
import { Dialling } from './dialling.ts';
import type { Bidder, LinkListener } from './link.ts';
import type { LinkLog } from './link-log.ts';
import type { LinkTrust } from './link-trust.ts';

export interface ServeLinkOptions {
  readonly trust: LinkTrust;
  readonly log: LinkLog;
  readonly limits?: Partial<LinkLimits>;
}

export interface LinkServer {
  /** Those that said hello and have not left, in the order they joined. */
  bidders(): readonly Bidder[];
  /**
   * Static binding: dials a bidder that listens, and again whenever the link ends, until `close`. Such links count
   * among the connections, but the limit refuses none of them. `random` gives [0, 1), for the jitter of the back-off.
   */
  dial(url: string, random: () => number): void;
  /** Takes no more links, dials none, and ends those there are; the listener hears that each left. */
  close(): void;
}

/**
 * Mounts the upper end on an HTTP server, as `acceptUpgrades` tells. When a plant id comes twice, dialled or dialling,
 * the newer link replaces the older, unless another process has that one and lives: then the newer is refused.
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
        void register.take(socket, who, `${remoteAddress}:${remotePort}`),
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
        session: (socket, opened, _signal, who) => register.take(socket, who, url, opened),
      });
    },
    close() {
      stopAccepting();
      closing.abort();
      register.close();
    },
  };
}
