/**
 * The VMBroker: answers those above for the plants below. It keeps no truth and makes no choice of its own: bids are ordered
 * on the shop's terms, and every other call goes to the plant that it names.
 */
import {
  joinAuction,
  listPlants,
  type MarketDeps,
  type Membership,
  plantNeverAsked,
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

export interface BrokerDeps {
  readonly membership: Membership;
  readonly market: MarketDeps;
}

export class Broker {
  readonly #membership: Membership;
  readonly #market: MarketDeps;
  readonly #brokerId: string;

  constructor({ membership, market }: BrokerDeps, { brokerId }: { readonly brokerId: string }) {
    this.#membership = membership;
    this.#market = market;
    this.#brokerId = brokerId;
  }

  handlers(): BrokerHandlers {
    return {
      estimate: (call, signal) => this.#estimate(call, signal),
      relay: (call, signal) => this.#relay(call, signal),
      gather: (question, signal) => this.#gather(question, signal),
      listPlants: async (question, signal) => {
        const { plants } = await listPlants(this.#membership, this.#onward(question, signal));
        return plants;
      },
    };
  }

  async #estimate({ terms, ...request }: Call, signal: AbortSignal): Promise<BrokerBids> {
    if (!terms) throw new GridError('LINK_PROTOCOL', 'a call for bids came without terms', {});
    this.#refuseTooManyHops(terms.path);
    return joinAuction(this.#brokerId, this.#membership.bidders(), { request, terms }, this.#market, signal);
  }

  /** Takes another way only while it is certain that the plant was not asked: who called may repeat the call, a broker not. */
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

  #gather({ method, request, until, ...question }: QuestionToAll, signal: AbortSignal): Promise<Gathered<unknown>> {
    const ask = until === 'all' ? askAll : askUntilFirst;
    return ask(this.#membership.bidders(), method, request as never, this.#onward(question, signal));
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
