/** The lower end that accepts: shops and brokers with this plant in their list dial it. */
import type { IncomingMessage, Server } from 'node:http';
import type { WebSocket } from 'ws';
import { LINK_LIMITS, type LinkLimits } from '../../limits.ts';
import type { BidderEvents } from '../bidder.ts';
import type { LinkAbove } from '../link.ts';
import type { LinkPeer } from '../link-peer.ts';
import { CLOSE } from '../link-socket.ts';
import type { LinkCredentials, LinkTrust } from '../link-trust.ts';
import { type LowerEnd, serveCalls } from '../lower-session.ts';
import { acceptUpgrades } from './accept-upgrades.ts';

export interface AcceptLinksOptions extends LowerEnd {
  readonly trust: LinkTrust;
  readonly limits?: Partial<LinkLimits>;
  /** Called with each link whose hello was answered. */
  opened?(link: LinkAbove): void;
  /** Called when such a link has ended. */
  ended?(link: LinkAbove): void;
}

export interface AcceptedLinks {
  /** Notifies all upper ends that have answered the hello. */
  notify<E extends keyof BidderEvents>(event: E, value: BidderEvents[E]): void;
  /** Accepts no more links and ends the open ones; resolves when none is left. */
  close(): Promise<void>;
}

/**
 * Mounts the lower end on an HTTP server, as `acceptUpgrades` describes: says hello over each link, and answers its
 * calls.
 */
export function acceptLinks(server: Server, options: AcceptLinksOptions): AcceptedLinks {
  const { log } = options;
  const limits: LinkLimits = { ...LINK_LIMITS, ...options.limits };
  const closing = new AbortController();
  const sessions = new Set<Promise<void>>();
  const links = new Set<LinkAbove>();

  const serve = async (socket: WebSocket, upper: string, credentials: LinkCredentials): Promise<void> => {
    let link: LinkAbove | undefined;
    const opened = (peer: LinkPeer) => {
      link = linkOver(peer);
      links.add(link);
      log.info({ upper }, 'the link is up');
      options.opened?.(link);
    };
    const { reason } = await serveCalls(socket, options, {
      upper,
      limits,
      credentials,
      signal: closing.signal,
      opened,
    });
    if (link !== undefined && links.delete(link)) options.ended?.(link);
    log.warn({ upper, reason }, 'the link is down');
  };
  const accept = (socket: WebSocket, request: IncomingMessage, credentials: LinkCredentials): void => {
    const session = serve(socket, callerOf(request), credentials).finally(() => sessions.delete(session));
    sessions.add(session);
  };
  const isFull = () => sessions.size >= limits.connections;
  const admit = (request: IncomingMessage) => options.trust.admitAbove(request);
  const stopAccepting = acceptUpgrades(server, { isFull, admit, accept }, { limits, log });

  return {
    notify(event, value) {
      for (const link of links) link.notify(event, value);
    },
    async close() {
      stopAccepting();
      closing.abort();
      await Promise.all(sessions);
    },
  };
}

const linkOver = (peer: LinkPeer): LinkAbove => ({
  notify: (event, value) => peer.notify(event, value),
  reset: (reason) => peer.close(CLOSE.goingAway, reason),
});

const callerOf = ({ socket }: IncomingMessage): string => `${socket.remoteAddress}:${socket.remotePort}`;
