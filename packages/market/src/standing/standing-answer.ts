/** From the order of a class to the answer to one request: pure. */
import { hash32 } from '@vmgrid/bidding';
import type { AuctionSummary, Bid, CallTerms, Offer, TrailRemoval } from '@vmgrid/protocol';
import type { AuctionCall } from '../auctions/auction-call.ts';
import { type AnswerPart, answerOfPlant, NOTHING } from '../auctions/collect-answers.ts';
import { kindOfRemoval } from '../auctions/summary.ts';
import { backoffsIn } from '../backoff.ts';
import { MARKET_LIMITS } from '../limits.ts';
import { backoffReason, recentlyFailed } from '../rules/recently-failed.ts';
import type { Bidding } from './bidding.ts';
import type { OrderView } from './ranking/class-order.ts';

/** `failing`: plants whose ads tell of failures. */
export function standingPart(
  order: OrderView,
  { request, terms }: Omit<AuctionCall, 'bidders'>,
  failing: ReadonlySet<string>,
): AnswerPart {
  const now = Date.parse(terms.openedAt);
  const bidOf = ({ plant, plan, cost }: Bidding): Bid => ({
    ...{ kind: 'bid', plantId: plant.plantId, cost, plan },
    validUntil: new Date(now + plant.terms.bidValidityMs).toISOString(),
    ad: plant.adJsonOn(plan.line),
  });
  // Brokers forward what decides; a shop shows a little more to people.
  const isBroker = terms.path.length > 0;
  const named = isBroker ? MARKET_LIMITS.declinesOfCode : MARKET_LIMITS.standingNamed;
  const inBackoff = backoffsAmong(order, { terms, failing }, bidOf);
  const skipped = new Set(inBackoff.map(({ plantId }) => plantId));
  const most = isBroker ? terms.best : Math.max(terms.best, named);
  const best = order.bidding.best({ tieSeed: hash32(request.requestId), skipped, most });
  const declines = order.declining.flatMap((ones) => ones.slice(0, named).map(({ decline }) => decline));
  const heard = [...best.map(bidOf), ...declines].map(answerOfOffer);
  return {
    ...NOTHING,
    bids: heard.flatMap(({ bids }) => bids),
    declines,
    trail: heard.flatMap(({ trail }) => trail),
    removed: [
      ...order.removed.flatMap((ones) => ones.slice(0, named).map(({ removal }) => removal)),
      ...inBackoff.slice(0, named),
    ],
    summary: summaryOf(order, inBackoff),
  };
}

/** Plants that hang. */
export const silentPart = (silent: ReadonlySet<string>): AnswerPart => ({
  ...NOTHING,
  trail: [...silent]
    .slice(0, MARKET_LIMITS.silentNamed)
    .map((plantId) => ({ plantId, outcome: 'silent' as const, elapsedMs: 0 })),
  summary: { ...NOTHING.summary, asked: silent.size, silent: silent.size },
});

const answerOfOffer = (offer: Offer): AnswerPart =>
  answerOfPlant({ plantId: offer.plantId, elapsedMs: 0, outcome: 'offer', offer });

/** The removals by the rule `recently-failed`, by plant; none when no other plant bids. */
function backoffsAmong(
  order: OrderView,
  { terms, failing }: { readonly terms: CallTerms; readonly failing: ReadonlySet<string> },
  bidOf: (bidding: Bidding) => Bid,
): TrailRemoval[] {
  const suspects = new Set([...terms.inBackoff.map(({ plantId }) => plantId), ...failing]);
  if (suspects.size === 0) return [];
  const recordOf = backoffsIn(terms);
  const removals = [...suspects].sort().flatMap((plantId) => {
    const bidding = order.biddingOf(plantId);
    const record = bidding && recordOf(bidOf(bidding));
    return record ? [{ rule: recentlyFailed.name, plantId, reason: backoffReason(record) }] : [];
  });
  return removals.length < order.bidding.size ? removals : [];
}

function summaryOf(order: OrderView, inBackoff: readonly TrailRemoval[]): AuctionSummary {
  const removed = order.removed.map((ones) => ({ ...kindOfRemoval(ones[0]!.removal), count: ones.length }));
  const declines = order.declining.map((ones) => ({ code: ones[0]!.decline.code, count: ones.length }));
  const bids = order.bidding.size + sum(removed);
  return {
    ...NOTHING.summary,
    asked: bids + sum(declines),
    bids,
    declines,
    removals: [...removed, ...(inBackoff[0] ? [{ ...kindOfRemoval(inBackoff[0]), count: inBackoff.length }] : [])],
  };
}

const sum = (counted: readonly { readonly count: number }[]): number =>
  counted.reduce((total, { count }) => total + count, 0);
