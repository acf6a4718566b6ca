/** A network that delays, loses and repeats messages and splits, as its seed decides. */
import type { Random } from '../world/random.ts';
import type { World } from '../world/world.ts';

export interface NetworkOptions {
  /** Least and mean latency of one way, in milliseconds. */
  readonly latencyLeastMs: number;
  readonly latencyMeanMs: number;
  /** Share of packets that never arrive. */
  readonly lossRate: number;
  /** Share of packets that arrive twice. */
  readonly repeatRate: number;
}

interface Message {
  readonly arrive: () => void;
  readonly lost: () => void;
}

/**
 * The messages that one event sends over one way. They travel together, like data that are written to a stream at once.
 */
interface Packet {
  /** The number of the event. */
  readonly sentIn: number;
  readonly isLost: boolean;
  readonly messages: Message[];
}

/** The way from one process to another; it keeps the order. */
export interface Way {
  /** Names of its ends. */
  readonly from: string;
  readonly to: string;
  /** The last arrival, before which nothing that is sent later arrives. */
  lastDueAt: number;
  /** The last packet that was sent. */
  packet?: Packet;
}

export class Network {
  readonly #world: World;
  #options: NetworkOptions;
  readonly #random: Random;
  /** Groups whose members reach only each other. */
  readonly #apart = new Set<ReadonlySet<string>>();

  constructor(world: World, options: NetworkOptions) {
    this.#world = world;
    this.#options = options;
    this.#random = world.random.fork('network');
  }

  /** Whether messages between the two get through now. */
  connects(a: string, b: string): boolean {
    for (const group of this.#apart) if (group.has(a) !== group.has(b)) return false;
    return true;
  }

  /** From now on nothing is lost or repeated, and nobody is cut off. */
  calm(): void {
    this.#options = { ...this.#options, lossRate: 0, repeatRate: 0 };
    this.#apart.clear();
  }

  /** Cuts a group off from all others. Returns the function that joins it again. */
  cutOff(group: ReadonlySet<string>): () => void {
    this.#apart.add(group);
    return () => void this.#apart.delete(group);
  }

  /**
   * Sends a message. Messages of one way arrive in their order; those that are sent in one event arrive together. The
   * state of the network at the time of the arrival decides whether they get through; `lost` is called when they do
   * not.
   */
  send(way: Way, arrive: () => void, lost: () => void = () => undefined): void {
    if (way.packet?.sentIn !== this.#world.events) way.packet = this.#sendPacket(way);
    if (way.packet.isLost) lost();
    else way.packet.messages.push({ arrive, lost });
  }

  #sendPacket(way: Way): Packet {
    const { from, to } = way;
    const { lossRate, repeatRate } = this.#options;
    const sentIn = this.#world.events;
    if (this.#random.chance(lossRate)) {
      this.#world.note(`lost ${from} > ${to}`);
      return { sentIn, isLost: true, messages: [] };
    }
    const messages: Message[] = [];
    const copies = this.#random.chance(repeatRate) ? 2 : 1;
    for (let copy = 1; copy <= copies; copy += 1) {
      way.lastDueAt = Math.max(way.lastDueAt, this.#world.elapsedMs + this.latencyMs());
      this.#world.schedule(way.lastDueAt - this.#world.elapsedMs, () => {
        const connected = this.connects(from, to);
        if (!connected) this.#world.note(`cut off ${from} > ${to}`);
        for (const message of messages) message[connected ? 'arrive' : 'lost']();
      });
    }
    return { sentIn, isLost: false, messages };
  }

  latencyMs(): number {
    const { latencyLeastMs, latencyMeanMs } = this.#options;
    return latencyLeastMs + this.#random.exponential(Math.max(0, latencyMeanMs - latencyLeastMs));
  }
}
