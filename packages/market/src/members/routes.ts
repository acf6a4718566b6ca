import type { Bidder } from '@vmgrid/protocol';

/** One way to a plant. */
export interface Route {
  /** The plant, called this way. */
  readonly bidder: Bidder;
  /** The bidder whose link it goes over: the plant itself, or a broker. */
  readonly link: Bidder;
  /** Brokers on the way; none when the plant dialled up itself. */
  readonly via: readonly string[];
}

/** The ways to each plant, the shortest first; of equal ones the oldest. */
export class Routes {
  readonly #byPlant = new Map<string, readonly Route[]>();
  readonly #plantsOfLink = new Map<string, Set<string>>();

  /** Every plant, with its ways. */
  plants(): ReadonlyMap<string, readonly Route[]> {
    return this.#byPlant;
  }

  of(plantId: string): readonly Route[] {
    return this.#byPlant.get(plantId) ?? [];
  }

  plantsOf(link: Bidder): readonly string[] {
    return [...(this.#plantsOfLink.get(link.plantId) ?? [])];
  }

  /** Adds a way; takes the place of another over the same link. */
  put(plantId: string, route: Route): void {
    const others = this.of(plantId).filter(({ link }) => link.plantId !== route.link.plantId);
    const routes = [...others, route].sort((a, b) => a.via.length - b.via.length);
    this.#byPlant.set(plantId, routes);
    const known = this.#plantsOfLink.get(route.link.plantId) ?? new Set();
    this.#plantsOfLink.set(route.link.plantId, known.add(plantId));
  }

  drop(plantId: string, link: Bidder): void {
    const left = this.of(plantId).filter((route) => route.link !== link);
    if (left.length > 0) this.#byPlant.set(plantId, left);
    else this.#byPlant.delete(plantId);
    const plants = this.#plantsOfLink.get(link.plantId);
    plants?.delete(plantId);
    if (plants?.size === 0) this.#plantsOfLink.delete(link.plantId);
  }
}
