/** A whole auction: call for bids, rules, trail. The award is apart (`award.ts`), since an estimate has none. */
import { type ClassAd, type EvaluationOptions, parseExpression } from '@vmgrid/classad';
import { runInSlices } from '@vmgrid/daemon';
import {
  type Bid,
  type Bidder,
  type CallTerms,
  type CreateRequest,
  clientEvaluation,
  type Decline,
  type GridError,
  type Identified,
  requestAd,
  shared,
  type Trail,
} from '@vmgrid/protocol';
import { backoffsIn } from '../backoff.ts';
import { MARKET_LIMITS } from '../limits.ts';
import type { MarketClock } from '../market-clock.ts';
import type { PlantFailureHistory } from '../plant-failure-history.ts';
import { type JudgeOfBids, judgeOfBids } from '../rules/judge.ts';
import type { RuleContext } from '../rules/rule.ts';
import type { StandingOffers } from '../standing/standing-offers.ts';
import type { AuctionCall } from './auction-call.ts';
import { boundedTrail } from './bounded-trail.ts';
import { type Answer, callForBids } from './call-for-bids.ts';
import { collectAnswers } from './collect-answers.ts';
import { rankBids } from './rank-bids.ts';
import { targetAd } from './read-offer.ts';
import { addSummaries, kindOfRemoval, NO_ANSWERS } from './summary.ts';
import { callToBrokers, openTerms } from './terms.ts';

export interface MarketDeps {
  readonly clock: MarketClock;
  readonly memory: PlantFailureHistory;
  readonly newAuctionId: () => string;
  /** Answers for plants whose offers stand; all others are asked. */
  readonly standing?: StandingOffers;
}

export interface AuctionOptions {
  /** How long the call for bids stays open at most. */
  readonly bidWindowMs: number;
  /** How many bids will do: brokers forward as many of theirs. */
  readonly best?: number;
  readonly order?: CallTerms['order'];
  readonly signal?: AbortSignal | undefined;
}

/** The result of an auction. */
export interface Auction {
  /** Bids that no rule removed, the best first. */
  readonly bids: readonly Bid[];
  readonly declines: readonly Decline[];
  readonly trail: Trail;
  /** Plants that were not here to be asked and may come back any moment. */
  readonly absent?: readonly string[];
}

/**
 * Holds an auction among the bidders. An auction without bids is a result too; `failureOf` makes an error of it.
 *
 * @throws GridError CANCELLED when the signal aborts; REQUEST_EXPIRED when no plant holds the request, and one may have
 * forgotten it; REQUEST_CANCELLED when none holds it, and one knows that it was cancelled
 * @throws GridError EXPRESSION_TOO_COSTLY when `requirements` and `rank` take more than the budget of an auction
 * @throws ClassAdSyntaxError when `requirements` or `rank` do not parse: the request was not decoded
 */
export async function holdAuction(
  { request, bidders }: Omit<AuctionCall, 'terms'>,
  deps: MarketDeps,
  { bidWindowMs, best = MARKET_LIMITS.awardAttempts, order = 'cheapest', signal }: AuctionOptions,
): Promise<Auction> {
  const terms = openTerms(deps, { bidWindowMs, best, order });
  const auction = await auctionOn({ request, terms, bidders }, deps, signal);
  return { ...auction, trail: boundedTrail(auction.trail) };
}

/**
 * Holds an auction on given terms. A shop gives them to itself, a broker gets them from its caller. It asks no bidder
 * that the call has passed already.
 */
export async function auctionOn(
  { request, terms, bidders }: AuctionCall,
  deps: MarketDeps,
  signal?: AbortSignal,
): Promise<Auction> {
  const { memory, clock } = deps;
  const evaluation = clientEvaluation(bidders.length);
  const inSlices = <T>(work: Iterator<unknown, T>) =>
    runInSlices(work, { sliceMs: MARKET_LIMITS.sliceMs, signal }, clock);
  const standing = deps.standing && (await inSlices(deps.standing.answer(request, terms, evaluation)));
  const asked = (standing?.toAsk(bidders) ?? bidders).filter(({ plantId }) => !terms.path.includes(plantId));
  const unawaited = new Set(asked.map(({ plantId }) => plantId).filter((id) => !memory.isAwaited(id)));
  const isAwaited = (plantId: string) => !unawaited.has(plantId);
  const toBrokers = shared(callToBrokers(request, terms));
  const toPlants = shared(request);
  const callTo = ({ hello }: Bidder) => (hello.role === 'broker' ? toBrokers : toPlants);
  const gathering = await callForBids({ bidders: asked, callTo, deadlineMs: terms.windowMs, isAwaited, signal }, clock);
  for (const { plantId, outcome } of gathering.answers) {
    if (outcome !== 'silent') memory.answered(plantId);
    else if (isAwaited(plantId)) memory.silent(plantId);
  }
  const collected = collectAnswers(gathering.answers, standing?.parts);
  const end = endAmong(gathering.answers) ?? deps.standing?.forgotten.expiry(request.requestId, clock.now());
  if (end && !collected.bids.some(({ holds }) => holds)) throw end;
  const judges = judgesOf(request, terms, evaluation);
  await inSlices(judged(collected.bids, judges));
  const context = contextOf(request, terms, judges);
  const { bids, removed, order } = rankBids(collected.bids, context);
  const removals = { ...NO_ANSWERS, removals: removed.map(kindOfRemoval) };
  const trail: Trail = {
    auctionId: deps.newAuctionId(),
    requestId: request.requestId,
    openedAt: terms.openedAt,
    deadlineMs: terms.windowMs,
    closedBy: gathering.closedBy,
    closedAfterMs: gathering.closedAfterMs,
    summary: addSummaries([collected.summary, removals]),
    ...(collected.brokers.length === 0 ? {} : { brokers: [...collected.brokers] }),
    answers: [...collected.answers],
    removed: [...collected.removed, ...removed],
    order: [...order],
    awards: [],
  };
  return { bids, declines: collected.declines, trail };
}

/** Steps to the judgements of all bids, which the rules find made. */
function* judged(bids: readonly Bid[], { judging }: JudgeOfBids): Generator<undefined, void> {
  for (const bid of bids) {
    yield* judging(bid);
    yield;
  }
}

/**
 * Finds the error by which a plant, or a broker for its plants, says that nobody is to carry out the request: it may
 * have been, and be forgotten, or it was cancelled.
 */
const endAmong = (answers: readonly Answer[]): GridError | undefined =>
  answers.flatMap((answer) => (answer.outcome === 'failed' ? [answer.error] : [])).find(isEnd);

const isEnd = ({ code }: GridError): boolean => code === 'REQUEST_EXPIRED' || code === 'REQUEST_CANCELLED';

/** Everything rules see is in the terms, the request and the bids: a broker finds the same order as the shop. */
const contextOf = (
  { requestId }: Identified<CreateRequest>,
  terms: CallTerms,
  { judge }: JudgeOfBids,
): RuleContext => ({
  ...{ requestId, judge },
  ...{ inBackoff: backoffsIn(terms), order: terms.order },
});

function judgesOf(request: CreateRequest, terms: CallTerms, evaluation: EvaluationOptions): JudgeOfBids {
  const now = new Date(terms.openedAt);
  const parsed = (text: string | undefined) => (text === undefined ? undefined : parseExpression(text));
  let my: ClassAd | undefined; // made for those that look at it
  return judgeOfBids({ requirements: parsed(request.requirements), rank: parsed(request.rank) }, (bid) => {
    my ??= requestAd(request);
    return { ...evaluation, my, target: targetAd(bid), now };
  });
}
