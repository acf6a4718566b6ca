import type { Fabric } from '../network/fabric.ts';
import { Life } from '../world/life.ts';
import type { World } from '../world/world.ts';

export interface ProcessNodeDeps {
  readonly world: World;
  readonly fabric: Fabric;
}

/** A process that keeps nothing: it can be killed at any moment, and starts empty. */
export abstract class ProcessNode {
  readonly name: string;
  protected readonly deps: ProcessNodeDeps;
  #life: Life;

  constructor(deps: ProcessNodeDeps, name: string) {
    this.name = name;
    this.deps = deps;
    this.#life = new Life(deps.world, name);
    this.#life.kill();
  }

  get life(): Life {
    return this.#life;
  }

  start(): void {
    if (this.#life.isAlive) return;
    const { world } = this.deps;
    world.note(`start ${this.name}`);
    this.#life = new Life(world, this.name);
    this.run();
  }

  /** Kills the process, as `kill -9` does. */
  kill(): void {
    if (!this.#life.isAlive) return;
    this.deps.world.note(`kill ${this.name}`);
    this.#life.kill();
    this.deps.fabric.killed({ name: this.name, life: this.#life });
  }

  /** The work of one run, from its start on, in a life of its own. */
  protected abstract run(): void;

  /** Something that a plant reported cannot be. */
  protected fault(plantId: string, error: Error): void {
    this.deps.world.note(`fault ${this.name} ${plantId} ${error}`);
  }

  protected newId(): string {
    const { world } = this.deps;
    return world.random.fork(`${this.name} ${world.events}`).uuid();
  }
}
