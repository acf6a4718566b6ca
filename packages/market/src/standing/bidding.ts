import type { PlanSummary } from '@vmgrid/protocol';
import type { StandingPlant } from './offers/standing-plant.ts';

/** A plant that would bid, by what orders bids. */
export interface Bidding {
  readonly kind: 'bidding';
  readonly plant: StandingPlant;
  readonly plan: PlanSummary;
  readonly cost: number;
  readonly rank: number;
  /** Where it stands among those that tie with it: the business of `TiedBids`. */
  place: number;
}
