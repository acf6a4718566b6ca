/** Which plants may have the VM of a request already: they are asked. A token stands for several requests now and then. */
export class HeldRequests {
  readonly #plants = new Map<number, Set<string>>();

  plantsWith(token: number): ReadonlySet<string> {
    return this.#plants.get(token) ?? NONE;
  }

  replace(plantId: string, before: readonly number[], after: readonly number[]): void {
    if (before === after) return;
    const left = new Set(after);
    for (const token of before) if (!left.has(token)) this.#drop(token, plantId);
    for (const token of left) this.#plants.set(token, (this.#plants.get(token) ?? new Set()).add(plantId));
  }

  #drop(token: number, plantId: string): void {
    const plants = this.#plants.get(token);
    plants?.delete(plantId);
    if (plants?.size === 0) this.#plants.delete(token);
  }
}

const NONE: ReadonlySet<string> = new Set();
