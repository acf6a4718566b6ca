/** A whole auction: call for bids, rules, trail. The award is apart (`award.ts`), since an estimate has none. */
import { parseExpression } from '@vmgrid/classad';
import {
  type Bid,
  type Bidder,
  type CreateRequest,
  type Decline,
  type GridError,
  type Identified,
  requestAd,
  type Trail,
  type TrailAnswer,
} from '@vmgrid/protocol';
import { type Answer, callForBids } from './call-for-bids.ts';
import { DECLINE_CODES } from './decline-codes.ts';
import type { MarketClock } from './market-clock.ts';
import type { PlantMemory } from './plant-memory.ts';
import { rankBids } from './rank-bids.ts';
import { targetAd } from './read-offer.ts';
import type { RuleContext } from './rules/rule.ts';

export interface MarketDeps {
  readonly clock: MarketClock;
  readonly memory: PlantMemory;
  readonly newAuctionId: () => string;
}

export interface AuctionOptions {
  /** How long the call for bids stays open at most. */
  readonly bidWindowMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** What an auction came to. */
export interface Auction {
  /** Bids that no rule removed, the best first. */
  readonly bids: readonly Bid[];
  readonly declines: readonly Decline[];
  readonly trail: Trail;
}

/**
 * Holds an auction among the bidders. That nobody bids is a result like any other; `failureOf` makes the error of it.
 *
 * @throws GridError CANCELLED when the signal aborts
 * @throws ClassAdSyntaxError when `requirements` or `rank` do not parse: the request was not decoded
 */
export async function holdAuction(
  bidders: readonly Bidder[],
  request: Identified<CreateRequest>,
  deps: MarketDeps,
  { bidWindowMs, signal }: AuctionOptions,
): Promise<Auction> {
  const openedAt = deps.clock.now();
  const context = contextOf(request, openedAt, deps.memory);
  const unawaited = new Set(bidders.map(({ plantId }) => plantId).filter((id) => !deps.memory.isAwaited(id)));
  const isAwaited = (plantId: string) => !unawaited.has(plantId);
  const gathering = await callForBids({ bidders, request, deadlineMs: bidWindowMs, isAwaited, signal }, deps.clock);
  const answers = gathering.answers.map(thrownDecline);
  for (const { plantId, outcome } of answers) {
    if (outcome !== 'silent') deps.memory.answered(plantId);
    else if (isAwaited(plantId)) deps.memory.silent(plantId);
  }
  const offers = answers.flatMap((answer) => (answer.outcome === 'offer' ? [answer.offer] : []));
  const { bids, removed, order } = rankBids(
    offers.filter((offer) => offer.kind === 'bid'),
    context,
  );
  const trail: Trail = {
    auctionId: deps.newAuctionId(),
    requestId: request.requestId,
    openedAt: new Date(openedAt).toISOString(),
    deadlineMs: bidWindowMs,
    closedBy: gathering.closedBy,
    closedAfterMs: gathering.closedAfterMs,
    answers: answers.map(trailAnswer),
    removed: [...removed],
    order: [...order],
    awards: [],
  };
  return { bids, declines: offers.filter((offer) => offer.kind === 'decline'), trail };
}

function contextOf(request: Identified<CreateRequest>, openedAt: number, memory: PlantMemory): RuleContext {
  const my = requestAd(request);
  const now = new Date(openedAt);
  return {
    requestId: request.requestId,
    requirements: request.requirements === undefined ? undefined : parseExpression(request.requirements),
    rank: request.rank === undefined ? undefined : parseExpression(request.rank),
    evaluation: (bid) => ({ my, target: targetAd(bid), now }),
    heldBack: (plantId) => memory.heldBack(plantId),
  };
}

/** A plant may decline by an answer or by an error; both are the same. */
function thrownDecline(answer: Answer): Answer {
  if (answer.outcome !== 'failed' || !DECLINE_CODES.has(answer.error.code)) return answer;
  const { plantId, elapsedMs, error } = answer;
  return { plantId, elapsedMs, outcome: 'offer', offer: declineOf(plantId, error) };
}

const declineOf = (plantId: string, { code, message, details }: GridError): Decline => ({
  kind: 'decline',
  plantId,
  code,
  message,
  details: { ...details },
});

function trailAnswer(answer: Answer): TrailAnswer {
  const { plantId, elapsedMs } = answer;
  switch (answer.outcome) {
    case 'silent':
      return { plantId, outcome: 'silent', elapsedMs };
    case 'failed':
      return { plantId, outcome: 'failed', elapsedMs, code: answer.error.code, message: answer.error.message };
    case 'offer': {
      const { offer } = answer;
      if (offer.kind === 'bid') return { plantId, outcome: 'bid', elapsedMs, cost: offer.cost, plan: offer.plan };
      return { plantId, outcome: 'decline', elapsedMs, code: offer.code, message: offer.message };
    }
  }
}
