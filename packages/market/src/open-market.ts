import type { MarketDeps } from './auction.ts';
import { PlantFailureHistory } from './plant-failure-history.ts';
import { OfferReceiver, type OfferReceiverOptions } from './standing/offer-receiver.ts';
import { StandingOffers } from './standing/standing-offers.ts';

export interface OpenMarketOptions extends Pick<MarketDeps, 'clock' | 'newAuctionId'>, OfferReceiverOptions {}

/** What the auctions of a shop or broker need, and the listener by which the offers of its plants stand for them. */
export function openMarket({ clock, newAuctionId, onFault }: OpenMarketOptions): {
  readonly market: MarketDeps;
  readonly offerReceiver: OfferReceiver;
} {
  const standing = new StandingOffers();
  return {
    market: { clock, memory: new PlantFailureHistory(clock), newAuctionId, standing },
    offerReceiver: new OfferReceiver(standing, { onFault }),
  };
}
