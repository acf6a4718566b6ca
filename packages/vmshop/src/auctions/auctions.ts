/** The auctions of a shop: among all plants that are here, each told to the request that it is for and kept. */
import type { Operation } from '@vmgrid/http-api';
import {
  type Auction,
  type AuctionOptions,
  failureOf,
  holdAuction,
  type MarketDeps,
  type Membership,
  type Roll,
} from '@vmgrid/market';
import {
  type BuildImageRequest,
  type CreateRequest,
  type Identified,
  type ProgressEvent,
  requestKey,
} from '@vmgrid/protocol';
import type { ShopConfig } from '../config.ts';
import type { AuctionHistory } from './auction-history.ts';

export interface AuctionsDeps {
  readonly membership: Pick<Membership, 'bidders'>;
  readonly roll: Pick<Roll, 'anyone' | 'awaited'>;
  readonly market: MarketDeps;
  readonly history: Pick<AuctionHistory, 'keep'>;
}

export interface AuctionWish extends Pick<AuctionOptions, 'best' | 'order'> {
  readonly signal: AbortSignal;
  /** Is told how the auction goes. Left out: nobody is. */
  readonly operation?: Operation;
}

export class Auctions {
  readonly #deps: AuctionsDeps;
  readonly #config: Pick<ShopConfig, 'bidWindowMs'>;

  constructor(deps: AuctionsDeps, config: Pick<ShopConfig, 'bidWindowMs'>) {
    this.#deps = deps;
    this.#config = config;
  }

  /** @throws GridError NO_PLANTS; what the signal aborts with */
  async hold(request: Identified<CreateRequest>, { signal, operation, ...wish }: AuctionWish): Promise<Auction> {
    const { membership, roll, market, history } = this.#deps;
    await roll.anyone(signal);
    const report = (event: Pick<ProgressEvent, 'state' | 'elapsedMs'>) => {
      const at = new Date(market.clock.now()).toISOString();
      operation?.report({ ...requestKey(request), at, phase: 'auction', ...event });
    };
    report({ state: 'started' });
    const { bidWindowMs } = this.#config;
    const auction = await holdAuction({ request, bidders: membership.bidders() }, market, {
      ...wish,
      bidWindowMs,
      signal,
    });
    history.keep(auction.trail, request.caller?.owner);
    report({ state: auction.bids.length > 0 ? 'done' : 'failed', elapsedMs: auction.trail.closedAfterMs });
    return auction.bids.length > 0 ? auction : { ...auction, absent: roll.awaited() };
  }

  /** The plant that expects to be done first. @throws GridError what `failureOf` says when there is none */
  async soonest(
    { plantId: _, ...request }: Identified<BuildImageRequest>,
    wish: Omit<AuctionWish, 'best' | 'order'>,
  ): Promise<string> {
    const auction = await this.hold(request, { ...wish, order: 'soonest', best: 1 });
    const [first] = auction.bids;
    if (!first) throw failureOf(auction);
    return first.plantId;
  }
}
