import type { MarketDeps } from './auctions/auction.ts';
import { PlantFailureHistory } from './plant-failure-history.ts';
import { OfferReceiver, type OfferReceiverOptions } from './standing/offers/offer-receiver.ts';
import { StandingOffers } from './standing/standing-offers.ts';

export interface OpenMarketOptions extends Pick<MarketDeps, 'clock' | 'newAuctionId'>, OfferReceiverOptions {}

/** Makes what the auctions of a shop or broker need, and the listener for the standing offers of its plants. */
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
