/** The upper end of links: shops and brokers listen, bidders dial up. */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { LINK_LIMITS, type LinkLimits } from '../limits.ts';
import { BidderConnection } from './bidder-connection.ts';
import type { Bidder, LinkListener } from './link.ts';
import type { LinkLog } from './link-log.ts';
import { CLOSE } from './link-socket.ts';

export const LINK_PATH = '/v1/link';

export interface ServeLinkOptions {
  readonly log: LinkLog;
  readonly limits?: Partial<LinkLimits>;
}

export interface LinkServer {
  /** Those that said hello and have not left, in the order they joined. */
  bidders(): readonly Bidder[];
  /** Takes no more links and ends those there are; the listener hears that each left. */
  close(): void;
}

/**
 * Mounts the upper end on an HTTP server at `/v1/link`. Upgrades of other paths are left to other listeners, and answered
 * 404 when there are none. A browser, which always names an `Origin`, is refused: no web page is a bidder. When a plant id dials up twice the newer link replaces the older.
 */
export function serveLink(server: Server, listener: LinkListener, options: ServeLinkOptions): LinkServer {
  const limits: LinkLimits = { ...LINK_LIMITS, ...options.limits };
  const register = new Register(listener, limits, options.log);
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: limits.messageBytes });
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (pathOf(request) !== LINK_PATH) {
      if (server.listenerCount('upgrade') === 1) refuse(socket, '404 Not Found');
    } else if (request.headers.origin !== undefined) {
      options.log.warn({ origin: request.headers.origin }, 'a link was refused: it came from a web page');
      refuse(socket, '403 Forbidden');
    } else if (register.isFull) {
      options.log.warn({ connections: limits.connections }, 'a link was refused: the limit of connections is reached');
      refuse(socket, '503 Service Unavailable');
    } else {
      sockets.handleUpgrade(request, socket, head, (webSocket) => register.accept(webSocket));
    }
  };
  server.on('upgrade', onUpgrade);
  return {
    bidders: () => register.bidders(),
    close: () => {
      server.off('upgrade', onUpgrade);
      register.close();
    },
  };
}

function pathOf({ url }: IncomingMessage): string {
  return (url ?? '').split('?', 1)[0] ?? '';
}

function refuse(socket: Duplex, status: string): void {
  socket.on('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** Every connection, with and without hello. */
class Register {
  readonly #listener: LinkListener;
  readonly #limits: LinkLimits;
  readonly #log: LinkLog;
  readonly #connections = new Set<BidderConnection>();

  constructor(listener: LinkListener, limits: LinkLimits, log: LinkLog) {
    this.#listener = listener;
    this.#limits = limits;
    this.#log = log;
  }

  get isFull(): boolean {
    return this.#connections.size >= this.#limits.connections;
  }

  bidders(): readonly Bidder[] {
    return [...this.#connections].flatMap(({ bidder }) => bidder ?? []);
  }

  accept(socket: ConstructorParameters<typeof BidderConnection>[0]): void {
    const owner = {
      replace: (plantId: string) => this.#replace(plantId),
      ended: (connection: BidderConnection) => this.#connections.delete(connection),
    };
    const connection = new BidderConnection(socket, this.#listener, owner, { limits: this.#limits, log: this.#log });
    this.#connections.add(connection);
  }

  close(): void {
    for (const connection of [...this.#connections])
      connection.close(CLOSE.goingAway, 'the upper end is shutting down');
  }

  #replace(plantId: string): void {
    for (const connection of [...this.#connections]) {
      if (connection.bidder?.plantId !== plantId) continue;
      this.#log.warn({ plantId }, 'a newer link of the same plant id replaces the older');
      connection.close(CLOSE.replaced, 'replaced by a newer link of the same plant id');
    }
  }
}
