import type { Socket } from 'node:net';

interface Known {
  readonly socket: Socket;
  readonly owner: string;
}

/**
 * Limits the connections to an endpoint. When there are too many, the connection that has waited longest without saying
 * who it is ends. So a client that says at once who it is gets in, however many stay silent. When all others are known,
 * the oldest connection of the owner with most of them ends, so no owner keeps the others out.
 */
export class ConnectionLimiter {
  readonly #limit: number;
  readonly #strangers = new Map<string, Socket>();
  readonly #known = new Map<string, Known>();
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** When no owner has more than one, the newcomer is the stranger that goes. */
  enter(socket: Socket): void {
    const key = keyOf(socket);
    this.#strangers.set(key, socket);
    this.#size += 1;
    socket.once('close', () => {
      this.#size -= 1;
      if (this.#strangers.get(key) === socket) this.#strangers.delete(key);
      if (this.#known.get(key)?.socket === socket) this.#known.delete(key);
    });
    if (this.#size > this.#limit) this.#makeRoom();
  }

  /** Its client has said who it is: the socket that entered, or one that speaks TLS over it. */
  recognize(socket: Socket, owner: string): void {
    const key = keyOf(socket);
    const entered = this.#strangers.get(key);
    if (entered === undefined) return; // it has made room meanwhile
    this.#strangers.delete(key);
    this.#known.set(key, { socket: entered, owner });
  }

  #makeRoom(): void {
    const isAlone = this.#strangers.size === 1;
    const [longest] = this.#strangers.values();
    const going = (isAlone && oldestOfMost([...this.#known.values()])) || longest!;
    this.#strangers.delete(keyOf(going));
    this.#known.delete(keyOf(going));
    going.destroy();
  }
}

/** Undefined when no owner has more than one. */
function oldestOfMost(known: readonly Known[]): Socket | undefined {
  const byOwner = Map.groupBy(known, ({ owner }) => owner);
  const most = [...byOwner.values()].reduce((one, other) => (other.length > one.length ? other : one), []);
  return most.length > 1 ? most[0]!.socket : undefined;
}

/**
 * Returns address and port of both ends: a client may come from one port to several addresses of the shop. No other
 * connection has all of them at the same time.
 */
const keyOf = ({ remoteAddress, remotePort, localAddress, localPort }: Socket): string =>
  `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
