import { WebSocket } from 'ws';
import { GridError } from '../errors/grid-error.ts';
import type { LinkLimits } from '../limits.ts';
import { validate } from '../schema/validator.ts';
import type { Hello, LinkMethods } from './bidder.ts';
import type { BidderHandlers } from './link.ts';
import type { LinkLog } from './link-log.ts';
import { LinkPeer } from './link-peer.ts';
import { CLOSE } from './link-socket.ts';
import { HELLO, HelloReply, isLinkMethod, METHOD_SCHEMAS } from './method-schemas.ts';

export interface DialSessionOptions {
  /** `ws:` or `wss:` */
  readonly url: string;
  hello(): Hello;
  readonly handlers: BidderHandlers;
  readonly log: LinkLog;
  readonly limits: LinkLimits;
  /** Ends the session. */
  readonly signal: AbortSignal;
  /** The upper end has answered the hello. */
  opened(peer: LinkPeer): void;
}

export interface SessionEnd {
  readonly reason: string;
  readonly closeCode: number;
}

/** One connection of a bidder, from dialling to its end. Never rejects. */
export async function dialSession(options: DialSessionOptions): Promise<SessionEnd> {
  try {
    return await converse(await connect(options), options);
  } catch (thrown) {
    return { reason: thrown instanceof Error ? thrown.message : String(thrown), closeCode: CLOSE.abnormal };
  }
}

async function connect({ url, limits, signal }: DialSessionOptions): Promise<WebSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<WebSocket>();
  const socket = new WebSocket(url, {
    handshakeTimeout: limits.helloMs,
    maxPayload: limits.messageBytes,
    perMessageDeflate: false,
  });
  const giveUp = () => socket.terminate();
  socket.on('error', reject);
  socket.once('open', () => resolve(socket));
  signal.addEventListener('abort', giveUp);
  if (signal.aborted) giveUp();
  return await promise.finally(() => signal.removeEventListener('abort', giveUp));
}

function converse(socket: WebSocket, options: DialSessionOptions): Promise<SessionEnd> {
  const { promise, resolve } = Promise.withResolvers<SessionEnd>();
  const { url, log, limits, signal } = options;
  const peer = new LinkPeer(
    socket,
    {
      called: (method, params, callSignal) => answer(options.handlers, method, params, callSignal),
      noticed: (method) => {
        throw new GridError('LINK_PROTOCOL', `${method} is no event of the upper end`);
      },
      heard: () => undefined,
      ended: (reason, closeCode) => resolve({ reason, closeCode }),
    },
    { limits, log, lost: (reason) => lost(url, reason) },
  );
  const hangUp = () => peer.close(CLOSE.goingAway, 'the bidder is shutting down');
  signal.addEventListener('abort', hangUp);
  if (signal.aborted) hangUp();
  sayHello(peer, options).then(
    () => options.opened(peer),
    (error: Error) => peer.close(CLOSE.protocol, error.message),
  );
  return promise.finally(() => signal.removeEventListener('abort', hangUp));
}

async function sayHello(peer: LinkPeer, { hello, limits }: DialSessionOptions): Promise<void> {
  const reply = await peer.call(HELLO, hello(), { deadlineMs: limits.helloMs });
  validate(HelloReply, reply, { code: 'LINK_PROTOCOL', subject: `answer to ${HELLO}` });
}

async function answer(
  handlers: BidderHandlers,
  method: string,
  params: unknown,
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

function handlerOf(handlers: BidderHandlers, method: keyof LinkMethods): Handler | undefined {
  return (handlers as Partial<Record<keyof LinkMethods, Handler>>)[method];
}

function lost(url: string, reason: string): GridError {
  return new GridError('SHOP_UNREACHABLE', `the link to ${url} ended: ${reason}`, { url, reason });
}
