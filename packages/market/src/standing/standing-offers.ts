/**
 * Answers calls for bids on behalf of plants that have published what their bids depend on, as these plants themselves
 * would: the best bids, by the auction's own rules, and of the rest the numbers and the nearest misses.
 */
import { requestFingerprint } from '@vmgrid/bidding';
import type { EvaluationOptions } from '@vmgrid/classad';
import type { Bidder, CallTerms, CreateRequest, Identified } from '@vmgrid/protocol';
import type { AnswerPart } from '../auctions/collect-answers.ts';
import { BiddersToPoll } from './bidders-to-poll.ts';
import { OwnerShares } from './offers/owner-shares.ts';
import type { StandingPlant } from './offers/standing-plant.ts';
import { BidRankingCache } from './ranking/bid-ranking-cache.ts';
import { orderForOwner } from './ranking/order-for-owner.ts';
import { ForgottenRequests } from './remembered/forgotten-requests.ts';
import { HeldRequests } from './remembered/held-requests.ts';
import { silentPart, standingPart } from './standing-answer.ts';

export interface StandingAnswer {
  /**
   * Returns the bidders that must be asked, since no standing offer answers for them. It is fastest for the same list
   * again.
   */
  toAsk(bidders: readonly Bidder[]): readonly Bidder[];
  readonly parts: readonly AnswerPart[];
}

export class StandingOffers {
  /** Requests held by all plants that publish, also by those whose offers do not stand now. */
  readonly held = new HeldRequests();
  readonly owners = new OwnerShares();
  readonly forgotten = new ForgottenRequests();
  readonly #plants = new Map<string, StandingPlant>();
  readonly #orders = new BidRankingCache(this.#plants);
  /** Plants whose ad tells of failures. */
  readonly #failing = new Set<string>();
  /** Plants that gave no sign of life when they were asked for one: to call them would only be to wait. */
  readonly #silent = new Set<string>();
  readonly #biddersToPoll = new BiddersToPoll((plantId) => this.#plants.has(plantId) || this.#silent.has(plantId));

  get size(): number {
    return this.#plants.size;
  }

  get(plantId: string): StandingPlant | undefined {
    return this.#plants.get(plantId);
  }

  put(plant: StandingPlant): void {
    const { plantId, terms } = plant;
    if (this.#silent.delete(plantId) || !this.#plants.has(plantId)) this.#biddersToPoll.changed();
    this.#plants.set(plantId, plant);
    if (terms.plant.failures) this.#failing.add(plantId);
    else this.#failing.delete(plantId);
    this.#orders.changed(plantId);
  }

  /** The offer no longer stands, and the plant is not asked either: it hangs. */
  silence(plantId: string): void {
    this.remove(plantId);
    this.#silent.add(plantId);
    this.#biddersToPoll.changed();
  }

  /** Whether the plant hangs. */
  isSilent(plantId: string): boolean {
    return this.#silent.has(plantId);
  }

  /** The offer no longer stands: the plant is asked. */
  remove(plantId: string): void {
    this.#biddersToPoll.changed();
    this.#silent.delete(plantId);
    if (!this.#plants.delete(plantId)) return;
    this.#failing.delete(plantId);
    this.#orders.changed(plantId);
  }

  /**
   * Steps towards the answer, which is good until the next change or call. `evaluation` is of the request's
   * expressions.
   * @throws ClassAdSyntaxError when `requirements` or `rank` do not parse; GridError EXPRESSION_TOO_COSTLY
   */
  *answer(
    request: Identified<CreateRequest>,
    terms: CallTerms,
    evaluation: EvaluationOptions = {},
  ): Generator<undefined, StandingAnswer> {
    const { owner } = request.caller ?? {};
    const ordered = { request, owner: this.owners.classOf(owner), evaluation };
    const kept = this.#plants.size === 0 ? undefined : yield* this.#orders.upToDate(ordered, terms);
    const holders = new Set(
      this.held.plantsWith(requestFingerprint(request.requestId)).filter((id) => this.#plants.has(id)),
    );
    const toAsk = (bidders: readonly Bidder[]) =>
      holders.size === 0
        ? this.#biddersToPoll.of(bidders)
        : [...this.#biddersToPoll.of(bidders), ...bidders.filter(({ plantId }) => holders.has(plantId))];
    if (!kept) return { toAsk, parts: [silentPart(this.#silent)] };
    const declines = owner === undefined ? [] : this.owners.declinesFor(owner, request.machine, this.#plants);
    const order = orderForOwner(this.#orders.orderFor(kept, holders), declines);
    return { toAsk, parts: [standingPart(order, { request, terms }, this.#failing), silentPart(this.#silent)] };
  }
}
