import type { WebSocket } from 'ws';
import type { LinkLimits } from '../limits.ts';
import { BidderConnection } from './bidder-connection.ts';
import type { SessionEnd } from './dial-once.ts';
import type { Bidder, LinkListener } from './link.ts';
import type { LinkLog } from './link-log.ts';
import { CLOSE } from './link-socket.ts';
import type { LinkIdentity } from './link-trust.ts';

/** Every connection of an upper end, whoever dialled, with and without hello. */
export class BidderRegister {
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

  /** Takes an open connection; `joining` is called when its hello came. Resolves when it has ended, never rejects. */
  take(socket: WebSocket, who: LinkIdentity, joining?: () => void): Promise<SessionEnd> {
    const { promise, resolve } = Promise.withResolvers<SessionEnd>();
    const owner = {
      joining: (plantId: string) => {
        this.#replace(plantId);
        joining?.();
      },
      ended: (connection: BidderConnection, end: SessionEnd) => {
        this.#connections.delete(connection);
        resolve(end);
      },
    };
    const connection = new BidderConnection(socket, who, this.#listener, owner, {
      limits: this.#limits,
      log: this.#log,
    });
    this.#connections.add(connection);
    return promise;
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
