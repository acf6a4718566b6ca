import type { MemberChange } from '@vmgrid/market';
import type { PlantEvent } from '@vmgrid/protocol';

/** Tells whoever listens which plants and brokers come and go. */
export class PlantFeed {
  readonly #now: () => number;
  readonly #listeners = new Set<(event: PlantEvent) => void>();

  constructor(clock: { now(): number }) {
    this.#now = () => clock.now();
  }

  tell({ change, role, plantId, version, via, reason }: MemberChange): void {
    const event: PlantEvent = {
      at: new Date(this.#now()).toISOString(),
      ...{ event: change, role, plantId, version },
      ...(via.length === 0 ? {} : { via: [...via] }),
      ...(reason === undefined ? {} : { reason }),
    };
    for (const listener of this.#listeners) listener(event);
  }

  /** Hands over each event from now on. Returns how to stop listening. */
  listen(listener: (event: PlantEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
