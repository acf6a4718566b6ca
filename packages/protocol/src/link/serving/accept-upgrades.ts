/** The accepting side of links, for the upper and the lower end. */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { GridError } from '../../errors/grid-error.ts';
import type { LinkLimits } from '../../limits.ts';
import { LINK_PATH } from '../dialling/link-address.ts';
import type { LinkLog } from '../link-log.ts';

export interface LinkAcceptor<Who> {
  /** Whether the limit of connections is reached. */
  isFull(): boolean;
  /** Checks the credentials. @throws GridError UNAUTHENTICATED, FORBIDDEN */
  admit(request: IncomingMessage): Who;
  accept(socket: WebSocket, request: IncomingMessage, who: Who): void;
}

/**
 * Accepts links on an HTTP server at `/v1/link`, until the returned function is called. Upgrades of other paths are
 * left to other listeners, and answered with 404 when there are none. Browsers, which always send an `Origin`, are
 * refused: no web page may be an end of a link.
 */
export function acceptUpgrades<Who>(
  server: Server,
  acceptor: LinkAcceptor<Who>,
  { limits, log }: { readonly limits: LinkLimits; readonly log: LinkLog },
): () => void {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: limits.messageBytes });
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (pathOf(request) !== LINK_PATH) {
      if (server.listenerCount('upgrade') === 1) refuse(socket, '404 Not Found');
    } else if (request.headers.origin !== undefined) {
      log.warn({ origin: request.headers.origin }, 'a link was refused: it came from a web page');
      refuse(socket, '403 Forbidden');
    } else if (acceptor.isFull()) {
      log.warn({ connections: limits.connections }, 'a link was refused: the limit of connections is reached');
      refuse(socket, '503 Service Unavailable');
    } else {
      admitted(request, socket, (who) =>
        sockets.handleUpgrade(request, socket, head, (webSocket) => acceptor.accept(webSocket, request, who)),
      );
    }
  };
  const admitted = (request: IncomingMessage, socket: Duplex, then: (who: Who) => void): void => {
    let who: Who;
    try {
      who = acceptor.admit(request);
    } catch (thrown) {
      const { code, message, kind } = GridError.from(thrown);
      log.warn(
        { code, reason: message, from: request.socket.remoteAddress },
        'a link was refused: its credentials are not valid',
      );
      refuse(socket, `${kind.status} ${code}`);
      return;
    }
    then(who);
  };
  server.on('upgrade', onUpgrade);
  return () => server.off('upgrade', onUpgrade);
}

function pathOf({ url }: IncomingMessage): string {
  return (url ?? '').split('?', 1)[0] ?? '';
}

function refuse(socket: Duplex, status: string): void {
  socket.on('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
