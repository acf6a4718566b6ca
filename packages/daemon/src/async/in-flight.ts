/** Work in progress, by key: a second call with the same key joins the first. */
export class InFlight {
  readonly #work = new Map<string, Promise<unknown>>();

  get size(): number {
    return this.#work.size;
  }

  has(key: string): boolean {
    return this.#work.has(key);
  }

  join<T>(key: string, start: () => Promise<T>): Promise<T> {
    const running = this.#work.get(key) as Promise<T> | undefined;
    if (running) return running;
    const work = start().finally(() => this.#work.delete(key));
    this.#work.set(key, work);
    return work;
  }

  /** Resolves when all work that is in progress now has ended, well or not. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#work.values());
  }
}
