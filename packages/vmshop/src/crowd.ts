import type { Socket } from 'node:net';

/**
 * Connections to a door, and which of them have not said who they are. When there are more than the door takes, the stranger that
 * has waited longest makes room: whoever says at once who it is gets in, however many say nothing.
 */
export class Crowd {
  readonly #limit: number;
  readonly #strangers = new Map<string, Socket>();
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** When all others are known, the newcomer is the stranger that goes. */
  enter(socket: Socket): void {
    const key = keyOf(socket);
    this.#strangers.set(key, socket);
    this.#size += 1;
    socket.once('close', () => {
      this.#size -= 1;
      if (this.#strangers.get(key) === socket) this.#strangers.delete(key);
    });
    if (this.#size <= this.#limit) return;
    const [longest] = this.#strangers;
    this.#strangers.delete(longest![0]);
    longest![1].destroy();
  }

  /** Its client has said who it is: the socket that entered, or one that speaks TLS over it. */
  recognize(socket: Socket): void {
    this.#strangers.delete(keyOf(socket));
  }
}

/** Of the client's end, which no other connection has at the same time. */
const keyOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;
