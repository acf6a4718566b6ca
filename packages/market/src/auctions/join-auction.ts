/** A broker's part in an auction of someone above: the same rules on the same terms, and the best of the bids. */
import type { BrokerBids, TrailAnswer } from '@vmgrid/protocol';
import { MARKET_LIMITS } from '../limits.ts';
import { type Auction, auctionOn, type MarketDeps } from './auction.ts';
import type { AuctionCall } from './auction-call.ts';
import { nearestDeclines, nearestRemovals } from './nearest.ts';

/** The call of someone above, as it comes to a broker. */
export interface JoinedCall extends AuctionCall {
  readonly signal?: AbortSignal;
}

/**
 * Holds a broker's auction among the bidders that the call has not passed. Answers before the caller's window closes.
 * @throws GridError CANCELLED when the signal aborts
 */
export async function joinAuction(
  brokerId: string,
  { request, terms, bidders, signal }: JoinedCall,
  deps: MarketDeps,
): Promise<BrokerBids> {
  const onward = { ...terms, path: [...terms.path, brokerId] };
  return condense(brokerId, await auctionOn({ request, bidders, terms: onward }, deps, signal), terms.best);
}

/** Cuts a broker's auction down to what the caller needs to find the same winner and to tell the same reasons. */
function condense(brokerId: string, { bids, declines, trail }: Auction, best: number): BrokerBids {
  const forwarded = bids.slice(0, best);
  const nearest = nearestDeclines(declines);
  const named = new Set([...forwarded, ...nearest].map(({ plantId }) => plantId));
  return {
    kind: 'bids',
    plantId: brokerId,
    bids: forwarded,
    declines: nearest,
    closedBy: trail.closedBy,
    summary: trail.summary,
    answers: [...trail.answers.filter(({ plantId }) => named.has(plantId)), ...someWithout(trail.answers)],
    removed: nearestRemovals(trail.removed),
    brokers: trail.brokers ?? [],
  };
}

/** The first plants that gave no answer or a fault. */
const someWithout = (answers: readonly TrailAnswer[]): TrailAnswer[] =>
  answers.filter(({ outcome }) => outcome === 'silent' || outcome === 'failed').slice(0, MARKET_LIMITS.silentNamed);
