/**
 * The VMBroker: answers those above for the plants below. It keeps no truth and makes no choice of its own: bids are
 * ordered on the shop's terms, and every other call goes to the plant that it names.
 */
import {
  type Absences,
  joinAuction,
  listPlants,
  type MarketDeps,
  type Membership,
  plantNeverAsked,
  Roll,
  wasNeverAsked,
} from '@vmgrid/market';
import {
  askAll,
  askUntilFirst,
  type Bidder,
  BROKER_LIMITS,
  type BrokerBids,
  type BrokerHandlers,
  type Call,
  type CallOptions,
  type Gathered,
  GridError,
  type QuestionToAll,
  type RelayedCall,
} from '@vmgrid/protocol';
import { SharedAuctions } from './shared-auctions.ts';

export interface BrokerDeps {
  readonly membership: Membership;
  /** Plants that were here and may come back. */
  readonly absences: Absences;
  readonly market: MarketDeps;
}

export class Broker {
  readonly #membership: Membership;
  readonly #absences: Absences;
  readonly #roll: Roll;
  readonly #market: MarketDeps;
  readonly #brokerId: string;
  readonly #auctions = new SharedAuctions();

  constructor({ membership, absences, market }: BrokerDeps, { brokerId }: { readonly brokerId: string }) {
    this.#membership = membership;
    this.#absences = absences;
    this.#roll = new Roll(membership, absences, `the broker ${brokerId}`);
    this.#market = market;
    this.#brokerId = brokerId;
  }

  handlers(): BrokerHandlers {
    return {
      estimate: (call, signal) => this.#estimate(call, signal),
      relay: (call, signal) => this.#relay(call, signal),
      gather: (question, signal) => this.#gather(question, signal),
      listPlants: async (question, signal) => {
        const known = { membership: this.#membership, absences: this.#absences };
        return (await listPlants(known, this.#onward(question, signal))).plants;
      },
    };
  }

  async #estimate(call: Call, signal: AbortSignal): Promise<BrokerBids> {
    const { terms, ...request } = call;
    if (!terms) throw new GridError('LINK_PROTOCOL', 'a call for bids came without terms', {});
    this.#refuseTooManyHops(terms.path);
    this.#roll.requireAnyone();
    const bidders = this.#membership.bidders();
    const hold = (until: AbortSignal) =>
      joinAuction(this.#brokerId, { request, terms, bidders, signal: until }, this.#market);
    // Which brokers are asked further below depends on the way that the call has come.
    return this.#membership.hasBrokers ? hold(signal) : this.#auctions.join(call, signal, hold);
  }

  /**
   * Takes another way only while it is certain that the plant was not asked: who called may repeat the call, a broker
   * not.
   */
  async #relay({ plantId, method, request, ...call }: RelayedCall, signal: AbortSignal): Promise<unknown> {
    const options = this.#onward(call, signal);
    const tried = new Set<Bidder>();
    for (;;) {
      const bidder = this.#membership.find(plantId, { except: tried, path: options.path });
      if (!bidder) throw plantNeverAsked(plantId);
      try {
        return await bidder.call(method, request as never, options);
      } catch (error) {
        if (!wasNeverAsked(GridError.from(error))) throw error;
        tried.add(bidder);
      }
    }
  }

  /**
   * Absent plants stand among the failures. @throws GridError NO_PLANTS by a broker that began just now and has no
   * plant yet
   */
  async #gather(
    { method, request, until, ...question }: QuestionToAll,
    signal: AbortSignal,
  ): Promise<Gathered<unknown>> {
    const options = this.#onward(question, signal);
    const ask = until === 'all' ? askAll : askUntilFirst;
    return ask(this.#roll.everyone(), { method, request: request as never }, options);
  }

  /** For the calls that a call from above leads to. @throws GridError HOPS_EXCEEDED */
  #onward(
    { deadlineMs, path }: Pick<RelayedCall, 'deadlineMs' | 'path'>,
    signal: AbortSignal,
  ): CallOptions & { readonly path: readonly string[] } {
    this.#refuseTooManyHops(path);
    return { deadlineMs, signal, path: [...path, this.#brokerId] };
  }

  #refuseTooManyHops(path: readonly string[]): void {
    const { hops } = BROKER_LIMITS;
    if (path.length < hops) return;
    const message = `the call has passed ${path.length} brokers before ${this.#brokerId}, the limit is ${hops}`;
    throw new GridError('HOPS_EXCEEDED', message, { path, limit: hops });
  }
}
