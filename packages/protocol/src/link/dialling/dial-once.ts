import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import type { LinkLimits } from '../../limits.ts';
import { CLOSE } from '../link-socket.ts';
import type { DialCredentials } from '../link-trust.ts';

export interface SessionEnd {
  readonly reason: string;
  readonly closeCode: number;
}

export interface DialOnceOptions<Who> {
  /** `ws:` or `wss:` */
  readonly url: string;
  readonly limits: LinkLimits;
  readonly credentials: () => DialCredentials;
  /** Recognizes the other end. An error that it throws ends the connection before anything is sent. */
  readonly recognize: (response: IncomingMessage) => Who;
  /** Aborts the dialling; an open session must be ended by its owner. */
  readonly signal: AbortSignal;
}

/**
 * One connection, from dialling to its end. Never rejects. The session gets the socket in the event of its opening,
 * because the other end's first message may arrive in the same packet.
 */
export async function dialOnce<Who>(
  options: DialOnceOptions<Who>,
  session: (socket: WebSocket, who: Who) => Promise<SessionEnd>,
): Promise<SessionEnd> {
  const { signal } = options;
  const { promise, resolve, reject } = Promise.withResolvers<SessionEnd>();
  let socket: WebSocket;
  try {
    socket = connect(options);
  } catch (thrown) {
    return ended(thrown);
  }
  let who: { readonly known: Who } | undefined;
  const giveUp = () => socket.readyState === socket.CONNECTING && socket.terminate();
  socket.on('error', reject);
  socket.once('upgrade', (response) => {
    try {
      who = { known: options.recognize(response) };
    } catch (thrown) {
      reject(thrown);
      socket.terminate();
    }
  });
  socket.once('open', () => who && resolve(session(socket, who.known)));
  signal.addEventListener('abort', giveUp);
  if (signal.aborted) giveUp();
  try {
    return await promise;
  } catch (thrown) {
    return ended(thrown);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

function connect<Who>({ url, limits, credentials }: DialOnceOptions<Who>): WebSocket {
  const { headers = {}, tls = {} } = credentials();
  return new WebSocket(url, {
    ...tls,
    headers,
    handshakeTimeout: limits.helloMs,
    maxPayload: limits.messageBytes,
    perMessageDeflate: false,
  });
}

const ended = (thrown: unknown): SessionEnd => ({
  reason: thrown instanceof Error ? thrown.message : String(thrown),
  closeCode: CLOSE.abnormal,
});
