export {
  Admission,
  type Capacity,
  NOTHING_USED,
  type OwnedNeed,
  ownerLackOf,
  ownerRefusalOf,
  type Usage,
} from './admission.ts';
export {
  type BiddingSnapshot,
  choosePlan,
  declineOf,
  heldBid,
  makeOffer,
  planOfVm,
  requirePlan,
} from './bidding.ts';
export { type Durations, durationKey, isKindKey, startOfKey } from './durations.ts';
export { COST_PRESETS, checkCost, parseCost, planAd, priceOf } from './estimator.ts';
export { hash32, hash32Pair, hash32PairSigned, hash53 } from './hash32.ts';
export { ImageDigests, type ImageSet } from './image-set.ts';
export type { ImageFacts, KnownImage, RanAction } from './known-image.ts';
export { type Asked, type LearntBook, OfferBook, type OfferRest, type Telling } from './offer-book.ts';
export { OfferFeed } from './offer-feed.ts';
export { type LimitsOfOwners, OwnerBook } from './owner-book.ts';
export { ownerFingerprint } from './owner-fingerprint.ts';
export { type Candidates, findCandidates } from './planner/candidates.ts';
export { explainRequest } from './planner/explain.ts';
export { freshSince, isAgeing } from './planner/freshness.ts';
export { ImageIndex } from './planner/image-index.ts';
export { matchImage } from './planner/match-image.ts';
export { NEVER_STALE, nearestOptions, optionOf, type PreparedRequest } from './planner/nearest-options.ts';
export { compareOptions, type Option } from './planner/options.ts';
export { OPTIONS_OF_A_PLAN, type Plan, planMachine, summarizeOptions, summarizePlan } from './planner/plan.ts';
export { ASSUMED_SECONDS, Prices } from './planner/prices.ts';
export { surveyImages } from './planner/survey.ts';
export { hardwareFor, type LineReports, restoreFault, type Start, type Way } from './planner/ways-to-start.ts';
export { plantAd, plantAdJson } from './plant-ad.ts';
export { PublishedSets } from './published-sets.ts';
export {
  dagRefusal,
  drainingRefusal,
  hostActionNames,
  hostActionRefusal,
  refusalOf,
  type Wanted,
} from './refusal.ts';
export { expiryOf, type Remembering, timeOfRequest } from './request-age.ts';
export { requestFingerprint } from './request-fingerprint.ts';
export { type RequestBook, RequestFingerprints } from './request-fingerprints.ts';
export { withChange } from './standing-offer.ts';
