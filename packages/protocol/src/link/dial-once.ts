import { WebSocket } from 'ws';
import type { LinkLimits } from '../limits.ts';
import { CLOSE } from './link-socket.ts';

export interface SessionEnd {
  readonly reason: string;
  readonly closeCode: number;
}

export interface DialOnceOptions {
  /** `ws:` or `wss:` */
  readonly url: string;
  readonly limits: LinkLimits;
  /** Gives up the dialling; the session looks after itself. */
  readonly signal: AbortSignal;
}

/**
 * One connection, from dialling to its end. Never rejects. The session is handed the socket in the very event of its opening,
 * since the other end's first message may be in the same packet.
 */
export async function dialOnce(
  { url, limits, signal }: DialOnceOptions,
  session: (socket: WebSocket) => Promise<SessionEnd>,
): Promise<SessionEnd> {
  const { promise, resolve, reject } = Promise.withResolvers<SessionEnd>();
  const socket = new WebSocket(url, {
    handshakeTimeout: limits.helloMs,
    maxPayload: limits.messageBytes,
    perMessageDeflate: false,
  });
  const giveUp = () => socket.readyState === socket.CONNECTING && socket.terminate();
  socket.on('error', reject);
  socket.once('open', () => resolve(session(socket)));
  signal.addEventListener('abort', giveUp);
  if (signal.aborted) giveUp();
  try {
    return await promise;
  } catch (thrown) {
    return { reason: thrown instanceof Error ? thrown.message : String(thrown), closeCode: CLOSE.abnormal };
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
