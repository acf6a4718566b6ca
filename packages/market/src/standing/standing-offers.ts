/**
 * Answers calls for bids on behalf of plants that have published what their bids depend on, as these plants themselves would:
 * the best bids, by the auction's own rules, and of the rest the numbers and the nearest misses.
 */
import { tokenOf } from '@vmgrid/bidding';
import type { CallTerms, CreateRequest, Identified } from '@vmgrid/protocol';
import type { Part } from '../hear.ts';
import { HeldRequests } from './held-requests.ts';
import { KeptOrders } from './kept-orders.ts';
import { silentPart, standingPart } from './standing-answer.ts';
import type { StandingPlant } from './standing-plant.ts';

export interface StandingAnswer {
  /** Whether the plant is answered for; all others have to be asked. */
  covers(plantId: string): boolean;
  readonly parts: readonly Part[];
}

export class StandingOffers {
  readonly #plants = new Map<string, StandingPlant>();
  readonly #orders = new KeptOrders(this.#plants);
  readonly #held = new HeldRequests();
  /** Plants whose ad tells of failures. */
  readonly #failing = new Set<string>();
  /** Plants that gave no sign of life when they were asked for one: to call them would only be to wait. */
  readonly #silent = new Set<string>();

  get size(): number {
    return this.#plants.size;
  }

  get(plantId: string): StandingPlant | undefined {
    return this.#plants.get(plantId);
  }

  put(plant: StandingPlant): void {
    const { plantId, offer } = plant;
    this.#held.replace(plantId, this.#plants.get(plantId)?.offer.held ?? [], offer.held);
    this.#plants.set(plantId, plant);
    this.#silent.delete(plantId);
    if (offer.plant.failures) this.#failing.add(plantId);
    else this.#failing.delete(plantId);
    this.#orders.changed(plantId);
  }

  /** The offer no longer stands, and the plant is not asked either: it hangs. */
  silence(plantId: string): void {
    this.remove(plantId);
    this.#silent.add(plantId);
  }

  /** The offer no longer stands: the plant is asked. */
  remove(plantId: string): void {
    this.#silent.delete(plantId);
    const plant = this.#plants.get(plantId);
    if (!plant) return;
    this.#held.replace(plantId, plant.offer.held, []);
    this.#plants.delete(plantId);
    this.#failing.delete(plantId);
    this.#orders.changed(plantId);
  }

  /** @throws ClassAdSyntaxError when `requirements` or `rank` do not parse */
  answer(request: Identified<CreateRequest>, terms: CallTerms): StandingAnswer {
    const toAsk = this.#held.plantsWith(tokenOf(request.requestId));
    const covers = (plantId: string) => this.#silent.has(plantId) || (this.#plants.has(plantId) && !toAsk.has(plantId));
    if (this.#plants.size === 0) return { covers, parts: [silentPart(this.#silent)] };
    const order = this.#orders.orderFor(request, terms, toAsk);
    return { covers, parts: [standingPart(order, request, terms, this.#failing), silentPart(this.#silent)] };
  }
}
