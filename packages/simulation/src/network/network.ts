/** A network that delays, loses, repeats and falls apart, as its seed has it. */
import type { Random } from '../world/random.ts';
import type { World } from '../world/world.ts';

export interface NetworkOptions {
  /** One way, in milliseconds: at least this, in the mean that. */
  readonly latencyLeastMs: number;
  readonly latencyMeanMs: number;
  /** Share of messages that never arrive. */
  readonly lossRate: number;
  /** Share of messages that arrive twice. */
  readonly repeatRate: number;
}

/** The last arrival on one way, before which no later message of that way arrives. */
export interface Way {
  lastDueAt: number;
}

export class Network {
  readonly #world: World;
  #options: NetworkOptions;
  readonly #random: Random;
  /** Groups that hear only each other. */
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

  /** Cuts a group off from all others. Returns how to join it again. */
  cutOff(group: ReadonlySet<string>): () => void {
    this.#apart.add(group);
    return () => void this.#apart.delete(group);
  }

  /**
   * Sends a message; messages of one way arrive in their order. Whether it gets through is decided by the network as it is
   * when the message would arrive; `lost` is told when it does not.
   */
  send(from: string, to: string, way: Way, arrive: () => void, lost: () => void = () => undefined): void {
    const { lossRate, repeatRate } = this.#options;
    if (this.#random.chance(lossRate)) {
      this.#world.note(`lost ${from} > ${to}`);
      lost();
      return;
    }
    const copies = this.#random.chance(repeatRate) ? 2 : 1;
    for (let copy = 1; copy <= copies; copy += 1) {
      way.lastDueAt = Math.max(way.lastDueAt, this.#world.elapsedMs + this.latencyMs());
      this.#world.schedule(way.lastDueAt - this.#world.elapsedMs, () => {
        if (this.connects(from, to)) return arrive();
        this.#world.note(`cut off ${from} > ${to}`);
        lost();
      });
    }
  }

  latencyMs(): number {
    const { latencyLeastMs, latencyMeanMs } = this.#options;
    return latencyLeastMs + this.#random.exponential(Math.max(0, latencyMeanMs - latencyLeastMs));
  }
}
