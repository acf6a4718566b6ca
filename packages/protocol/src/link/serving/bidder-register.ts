import type { WebSocket } from 'ws';
import { GridError } from '../../errors/grid-error.ts';
import type { LinkLimits } from '../../limits.ts';
import type { Hello } from '../bidder.ts';
import type { SessionEnd } from '../dialling/dial-once.ts';
import type { Bidder, LinkListener } from '../link.ts';
import type { LinkLog } from '../link-log.ts';
import { CLOSE } from '../link-socket.ts';
import type { LinkIdentity } from '../link-trust.ts';
import { BidderConnection } from './bidder-connection.ts';

interface OtherEnd {
  readonly who: LinkIdentity;
  readonly address: string;
}

/** Holds every connection of an upper end, whoever dialled, before and after its hello. */
export class BidderRegister {
  readonly #listener: LinkListener;
  readonly #limits: LinkLimits;
  readonly #log: LinkLog;
  readonly #connections = new Set<BidderConnection>();
  readonly #addresses = new WeakMap<BidderConnection, string>();

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

  /**
   * Takes an open connection; calls `joining` when its hello came. Resolves when the connection has ended; never
   * rejects.
   */
  take(socket: WebSocket, { who, address }: OtherEnd, joining?: () => void): Promise<SessionEnd> {
    const { promise, resolve } = Promise.withResolvers<SessionEnd>();
    const owner = {
      joining: (connection: BidderConnection, hello: Hello) => {
        const room = this.#makeRoom(connection, hello);
        if (!room) joining?.();
        return room?.then(() => joining?.());
      },
      ended: (connection: BidderConnection, end: SessionEnd) => {
        this.#connections.delete(connection);
        resolve(end);
      },
    };
    const connection = new BidderConnection(
      socket,
      { who, listener: this.#listener, owner },
      {
        limits: this.#limits,
        log: this.#log,
      },
    );
    this.#connections.add(connection);
    this.#addresses.set(connection, address);
    return promise;
  }

  close(): void {
    for (const connection of [...this.#connections])
      connection.close(CLOSE.goingAway, 'the upper end is shutting down');
  }

  /**
   * Ends an older link of the same id when the same process dials again, or when the older process is gone though its
   * link has not ended.
   */
  #makeRoom(newer: BidderConnection, { plantId, processId }: Hello): Promise<void> | undefined {
    const isRival = ({ bidder }: BidderConnection) => processId !== undefined && bidder!.hello.processId !== processId;
    const rivals = this.#others(newer, plantId).filter(isRival);
    const replace = () => this.#replace(this.#others(newer, plantId), plantId);
    if (rivals.length > 0) return this.#refuseBeside(rivals, newer, plantId).then(replace);
    replace();
    return undefined;
  }

  #others(newer: BidderConnection, plantId: string): readonly BidderConnection[] {
    return [...this.#connections].filter((one) => one !== newer && one.bidder?.plantId === plantId);
  }

  async #refuseBeside(rivals: readonly BidderConnection[], newer: BidderConnection, plantId: string): Promise<void> {
    for (const rival of rivals) if (await rival.isAlive()) throw this.#refusal(plantId, newer, rival);
  }

  #replace(older: readonly BidderConnection[], plantId: string): void {
    for (const connection of older) {
      this.#log.warn({ plantId }, 'a newer link of the same plant id replaces the older');
      connection.close(CLOSE.replaced, 'replaced by a newer link of the same plant id');
    }
  }

  /** Two live processes cannot have the same id: the first keeps it, and both are told. */
  #refusal(plantId: string, newer: BidderConnection, older: BidderConnection): GridError {
    const [rival, address] = [this.#addresses.get(newer)!, this.#addresses.get(older)!];
    const since = older.joinedAt;
    this.#log.warn({ plantId, rival, address, since }, 'a second plant or broker of the same id is refused');
    older.tellRival({ address: rival, at: new Date().toISOString() }, this.#limits.helloMs);
    const message = `${plantId} at ${address} has this id since ${since}; ${rival} is refused`;
    return new GridError('PLANT_ID_TAKEN', message, { plantId, address, since });
  }
}
