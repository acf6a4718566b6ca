import type { Clock } from '@vmgrid/daemon';
import type { World } from './world.ts';

/**
 * One run of a process, from its start until it is killed. All its waits go through its life: once it is killed they
 * never end, so nothing goes on, and nothing is cleaned up either.
 */
export class Life {
  readonly name: string;
  readonly #world: World;
  #alive = true;
  readonly #mourners: (() => void)[] = [];

  constructor(world: World, name: string) {
    this.#world = world;
    this.name = name;
  }

  get isAlive(): boolean {
    return this.#alive;
  }

  kill(): void {
    this.#alive = false;
    for (const tell of this.#mourners.splice(0)) tell();
  }

  /** Calls `tell` when the process is killed, for what others see at once: its host closes what it had open. */
  whenKilled(tell: () => void): void {
    this.#mourners.push(tell);
  }

  /** Does work later, if the process is still alive then. Returns the function that cancels it. */
  after(ms: number, work: () => void): () => void {
    return this.#world.schedule(ms, () => {
      if (this.#alive) work();
    });
  }

  /** The clock of this process. */
  readonly clock: Clock = {
    now: () => this.#world.now(),
    monotonic: () => this.#world.elapsedMs,
    sleep: (ms, signal) => this.#sleep(ms, signal),
    after: (ms, work) => this.after(ms, work),
  };

  async #sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const takeBack = this.after(ms, resolve);
    const abort = () => {
      takeBack();
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
    await promise.finally(() => signal?.removeEventListener('abort', abort));
  }
}
