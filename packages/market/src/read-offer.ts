import type { ClassAd } from '@vmgrid/classad';
import { adFromJson, type Bid, GridError, type Offer } from '@vmgrid/protocol';

/**
 * An offer that an auction can work with: from the plant that was asked, its cost a number, its ad a ClassAd.
 *
 * @throws GridError LINK_PROTOCOL
 */
export function readOffer(plantId: string, offer: Offer): Offer {
  const wrong = (what: string) => new GridError('LINK_PROTOCOL', `the offer of ${plantId} ${what}`, { plantId });
  if (offer.plantId !== plantId) throw wrong(`is signed ${offer.plantId}`);
  if (offer.kind === 'decline') return offer;
  if (!Number.isFinite(offer.cost)) throw wrong(`has the cost ${offer.cost}`);
  try {
    targetAd(offer);
  } catch {
    throw wrong('has an ad that is no ClassAd');
  }
  return offer;
}

/**
 * What `requirements` and `rank` see as TARGET: the plant's ad, and in it the production line of this bid as `Line`, since a
 * plant has several.
 */
export function targetAd({ ad, plan }: Bid): ClassAd {
  const plant = adFromJson(ad);
  return plant.has('Line') ? plant : plant.with('Line', plan.line);
}
