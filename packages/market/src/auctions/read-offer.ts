import type { ClassAd } from '@vmgrid/classad';
import { adFromJson, type Bid, type Bidder, type BrokerBids, GridError, isAdJson, type Offer } from '@vmgrid/protocol';

/**
 * Checks that an auction can use an offer: it comes from the bidder that was asked, only a broker bids for other
 * plants, each cost is a number, each ad a ClassAd.
 *
 * @throws GridError LINK_PROTOCOL
 */
export function readOffer({ plantId, hello }: Bidder, offer: Offer | BrokerBids): Offer | BrokerBids {
  if (offer.plantId !== plantId) throw wrong(plantId, `is signed ${offer.plantId}`);
  if (offer.kind === 'decline') return offer;
  if ((offer.kind === 'bids') !== (hello.role === 'broker')) throw wrong(plantId, `is a ${offer.kind}`);
  for (const bid of offer.kind === 'bids' ? offer.bids : [offer]) requireUsable(bid);
  return offer;
}

/** Checks what a schema cannot express. */
function requireUsable(bid: Bid): void {
  if (!Number.isFinite(bid.cost)) throw wrong(bid.plantId, `has the cost ${bid.cost}`);
  if (!isAdJson(bid.ad)) throw wrong(bid.plantId, 'has an ad that is no ClassAd');
}

const wrong = (plantId: string, what: string): GridError =>
  new GridError('LINK_PROTOCOL', `the offer of ${plantId} ${what}`, { plantId });

/**
 * Makes the ad that `requirements` and `rank` see as TARGET: the ad of the plant, with the production line of this bid
 * as `Line`.
 */
export function targetAd({ ad, plan }: Bid): ClassAd {
  const plant = adFromJson(ad);
  return plant.has('Line') ? plant : plant.with('Line', plan.line);
}
