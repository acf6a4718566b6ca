/** Injects faults into a grid, at seeded moments: kills processes, splits the network, ends machines. */
import type { Fabric } from './network/fabric.ts';
import type { Network } from './network/network.ts';
import type { PlantNode } from './plant/plant-node.ts';
import type { Random } from './world/random.ts';
import type { World } from './world/world.ts';

/** A process that can be killed and started again. */
interface Killable {
  start(): void;
  kill(): void;
}

export interface FaultsDeps {
  readonly world: World;
  readonly network: Network;
  readonly fabric: Fabric;
  readonly plants: readonly PlantNode[];
  /** Shops and brokers. */
  readonly others: readonly Killable[];
  /** The names of all of them. */
  readonly names: readonly string[];
}

export interface FaultsOptions {
  /** Mean milliseconds between two faults. */
  readonly everyMs: number;
  readonly untilMs: number;
}

const DOWN_MEAN_MS = 12_000;
const APART_MEAN_MS = 15_000;

export class Faults {
  readonly #deps: FaultsDeps;
  readonly #options: FaultsOptions;
  readonly #random: Random;
  #count = 0;

  constructor(deps: FaultsDeps, options: FaultsOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#random = deps.world.random.fork('faults');
  }

  get count(): number {
    return this.#count;
  }

  start(): void {
    const { world } = this.#deps;
    world.schedule(this.#random.exponential(this.#options.everyMs), () => {
      if (world.elapsedMs >= this.#options.untilMs) return;
      this.#count += 1;
      this.#next();
      this.start();
    });
  }

  #next(): void {
    const { plants, others } = this.#deps;
    const kinds = [
      () => this.#killAndStart(this.#random.pick(plants)),
      () => this.#killAndStart(this.#random.pick(others)),
      () => this.#cutOff(),
      () => this.#endMachine(this.#random.pick(plants)),
    ];
    this.#random.pick(kinds)();
  }

  #killAndStart(node: Killable): void {
    node.kill();
    this.#deps.world.schedule(this.#random.exponential(DOWN_MEAN_MS), () => node.start());
  }

  #cutOff(): void {
    const { world, network, fabric, names } = this.#deps;
    const share = this.#random.next() / 2;
    const group = new Set(names.filter(() => this.#random.chance(share)));
    const join = network.cutOff(group);
    fabric.cut();
    world.note(`cut off ${[...group].join(' ')}`);
    world.schedule(this.#random.exponential(APART_MEAN_MS), () => {
      join();
      world.note(`joined ${[...group].join(' ')}`);
    });
  }

  #endMachine({ host }: PlantNode): void {
    const running = [...host.running.values()];
    if (running.length === 0) return;
    const { directory, vmId } = this.#random.pick(running);
    this.#deps.world.note(`end machine ${vmId}`);
    host.end(directory, 'crashed');
  }
}
