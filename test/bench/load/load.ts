/** A process that makes requests, as the bench sees it. */
import { Child } from '../market/child.ts';
import type { HttpLoadOrder } from './http-load-process.ts';
import type { Repeated } from './repeat.ts';
import type { LoadOrder } from './serve-load.ts';

export class Load {
  readonly #child: Child;

  constructor(child: Child) {
    this.#child = child;
  }

  /** Clients in a process of their own, so that what a shop takes is the shop's alone. */
  static async overHttp(order: HttpLoadOrder): Promise<Load> {
    const child = new Child('../load/http-load-process.ts');
    await child.ask(order);
    return new Load(child);
  }

  run(order: LoadOrder): Promise<Repeated> {
    return this.#child.ask<Repeated>(order);
  }

  get cpuMs(): number {
    return this.#child.cpuMs;
  }

  end(): Promise<void> {
    return this.#child.end();
  }
}
