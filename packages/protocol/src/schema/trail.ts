/** The trail of an auction's decisions, about plants that were asked directly and plants behind brokers. */
import { type Static, Type } from 'typebox';
import { BROKER_LIMITS } from '../limits.ts';
import { PlanSummary } from './bids.ts';
import { PlantId, RequestId } from './requests.ts';

const closed = { additionalProperties: false } as const;
const Timestamp = Type.String({ format: 'date-time' });
const Milliseconds = Type.Number({ minimum: 0 });
const Count = Type.Integer({ minimum: 0 });

/** Ids of the brokers that an answer or a call passes, the one nearest to the shop first. */
export const Via = Type.Array(PlantId, { minItems: 1, maxItems: BROKER_LIMITS.hops });

/** The rule that closed a call for bids. */
export const ClosedBy = Type.Union([Type.Literal('all-answered'), Type.Literal('deadline')]);

/** One bidder's answer as the auction saw it. */
export const TrailAnswer = Type.Object(
  {
    plantId: PlantId,
    outcome: Type.Union([Type.Literal('bid'), Type.Literal('decline'), Type.Literal('silent'), Type.Literal('failed')]),
    /** Brokers that passed the answer on; left out for a plant that was asked directly. */
    via: Type.Optional(Via),
    /** Time from the call for bids to the answer, by the clock of the asking side. */
    elapsedMs: Milliseconds,
    cost: Type.Optional(Type.Number()),
    plan: Type.Optional(PlanSummary),
    code: Type.Optional(Type.String()),
    message: Type.Optional(Type.String()),
  },
  closed,
);
export type TrailAnswer = Static<typeof TrailAnswer>;

/** A condition of the requirements that was not true, and the values of its references, as ClassAd text. */
export const FailedCondition = Type.Object(
  { text: Type.String(), value: Type.String(), references: Type.Record(Type.String(), Type.String()) },
  closed,
);
export type FailedCondition = Static<typeof FailedCondition>;

/** A bid that a rule removed from the auction, with the values that decided it. */
export const TrailRemoval = Type.Object(
  {
    rule: Type.String(),
    plantId: PlantId,
    reason: Type.String(),
    /** For the rule `requirements`: the conditions that failed. */
    conditions: Type.Optional(Type.Array(FailedCondition, { minItems: 1 })),
  },
  closed,
);
export type TrailRemoval = Static<typeof TrailRemoval>;

/** One place in the order of bids. */
export const TrailPlace = Type.Object(
  {
    plantId: PlantId,
    /** Present when the soonest, not the cheapest, was wanted. */
    expectedSeconds: Type.Optional(Type.Number({ minimum: 0 })),
    cost: Type.Number(),
    rank: Type.Number(),
    tieBreak: Type.Integer({ minimum: 0 }),
  },
  closed,
);
export type TrailPlace = Static<typeof TrailPlace>;

export const TrailAward = Type.Object(
  {
    plantId: PlantId,
    outcome: Type.Union([Type.Literal('accepted'), Type.Literal('refused'), Type.Literal('failed')]),
    code: Type.Optional(Type.String()),
    message: Type.Optional(Type.String()),
  },
  closed,
);
export type TrailAward = Static<typeof TrailAward>;

/** How many answers of each kind there were, including those that the trail does not name. */
export const AuctionSummary = Type.Object(
  {
    asked: Count,
    bids: Count,
    silent: Count,
    failed: Count,
    declines: Type.Array(Type.Object({ code: Type.String(), count: Count }, closed)),
    /** Removed bids, by rule and by the conditions that failed. */
    removals: Type.Array(
      Type.Object({ rule: Type.String(), conditions: Type.Array(Type.String()), count: Count }, closed),
    ),
  },
  closed,
);
export type AuctionSummary = Static<typeof AuctionSummary>;

/** A broker that was asked, with the result from it and from those below it. */
export const TrailBroker = Type.Object(
  {
    brokerId: PlantId,
    /** Brokers above it; left out for a broker that was asked directly. */
    via: Type.Optional(Via),
    outcome: Type.Union([Type.Literal('answered'), Type.Literal('silent'), Type.Literal('failed')]),
    elapsedMs: Milliseconds,
    closedBy: Type.Optional(ClosedBy),
    summary: Type.Optional(AuctionSummary),
    code: Type.Optional(Type.String()),
    message: Type.Optional(Type.String()),
  },
  closed,
);
export type TrailBroker = Static<typeof TrailBroker>;

/** Everything an auction decided and why, in the order it happened. */
export const Trail = Type.Object(
  {
    auctionId: Type.String(),
    requestId: RequestId,
    openedAt: Timestamp,
    deadlineMs: Milliseconds,
    closedBy: ClosedBy,
    closedAfterMs: Milliseconds,
    summary: AuctionSummary,
    brokers: Type.Optional(Type.Array(TrailBroker, { minItems: 1 })),
    answers: Type.Array(TrailAnswer),
    removed: Type.Array(TrailRemoval),
    order: Type.Array(TrailPlace),
    awards: Type.Array(TrailAward),
  },
  closed,
);
export type Trail = Static<typeof Trail>;
