import type { WebSocket } from 'ws';
import { GridError } from '../errors/grid-error.ts';
import type { LinkLimits } from '../limits.ts';
import { Rival } from '../schema/replies.ts';
import { validate } from '../schema/validation/validator.ts';
import type { Hello, LinkApi } from './bidder.ts';
import type { SessionEnd } from './dialling/dial-once.ts';
import type { BidderHandlers } from './link.ts';
import type { LinkLog } from './link-log.ts';
import { LinkPeer } from './link-peer.ts';
import { CLOSE } from './link-socket.ts';
import type { LinkCredentials } from './link-trust.ts';
import { HELLO, HelloReply, isLinkMethod, METHOD_SCHEMAS, RIVAL } from './method-schemas.ts';

/** A plant or broker as those above see it. */
export interface LowerEnd {
  /** Called at every hello, so that the ad is fresh. */
  hello(): Hello;
  readonly handlers: BidderHandlers;
  readonly log: LinkLog;
}

export interface LowerSessionOptions {
  /** Address of the upper end, for messages. */
  readonly upper: string;
  readonly limits: LinkLimits;
  /** Credentials of the upper end. */
  readonly credentials: LinkCredentials;
  /** Ends the session. */
  readonly signal: AbortSignal;
  /** Called when the upper end has answered the hello. */
  opened(peer: LinkPeer): void;
}

/**
 * One connection of a bidder, whoever dialled: says hello, then answers calls until the connection ends. Never rejects.
 */
export function serveCalls(socket: WebSocket, lower: LowerEnd, options: LowerSessionOptions): Promise<SessionEnd> {
  const { promise, resolve } = Promise.withResolvers<SessionEnd>();
  const { upper, limits, credentials, signal } = options;
  const peer = new LinkPeer(
    socket,
    {
      called: async (method, params, callSignal) => {
        if (method !== RIVAL) return answer(lower.handlers, { method, params }, callSignal);
        const rival = validate(Rival, params, { code: 'LINK_PROTOCOL', subject: RIVAL });
        lower.log.warn({ upper, ...rival }, 'another bidder with the same id wanted to join and was refused');
        return {};
      },
      noticed: (method) => {
        throw new GridError('LINK_PROTOCOL', `${method} is no event of the upper end`);
      },
      heard: () => undefined,
      ended: (reason, closeCode) => resolve({ reason, closeCode }),
    },
    { limits, credentials, log: lower.log, lost: (reason) => lost(upper, reason) },
  );
  const hangUp = () => peer.close(CLOSE.goingAway, 'the bidder is shutting down');
  signal.addEventListener('abort', hangUp);
  if (signal.aborted) hangUp();
  sayHello(peer, lower.hello, limits).then(
    () => options.opened(peer),
    (error: Error) => peer.close(CLOSE.protocol, error.message),
  );
  return promise.finally(() => signal.removeEventListener('abort', hangUp));
}

async function sayHello(peer: LinkPeer, hello: () => Hello, limits: LinkLimits): Promise<void> {
  const reply = await peer.call(HELLO, hello(), { deadlineMs: limits.helloMs });
  validate(HelloReply, reply, { code: 'LINK_PROTOCOL', subject: `answer to ${HELLO}` });
}

async function answer(
  handlers: BidderHandlers,
  { method, params }: { readonly method: string; readonly params: unknown },
  signal: AbortSignal,
): Promise<unknown> {
  const handler = isLinkMethod(method) ? handlerOf(handlers, method) : undefined;
  if (!isLinkMethod(method) || !handler) {
    throw new GridError('LINK_PROTOCOL', `${method} is no method of this bidder`, { method });
  }
  const request = validate(METHOD_SCHEMAS[method].request, params, { code: 'LINK_PROTOCOL', subject: method });
  return await handler(request, signal);
}

type Handler = (request: unknown, signal: AbortSignal) => Promise<unknown>;

function handlerOf(handlers: BidderHandlers, method: keyof LinkApi): Handler | undefined {
  return (handlers as Partial<Record<keyof LinkApi, Handler>>)[method];
}

function lost(upper: string, reason: string): GridError {
  return new GridError('SHOP_UNREACHABLE', `the link to ${upper} ended: ${reason}`, { upper, reason });
}
