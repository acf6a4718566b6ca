/** The trail of decisions an auction leaves, of plants that were asked directly and of those behind brokers. */
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

/** Which rule closed a call for bids. */
export const ClosedBy = Type.Union([Type.Literal('all-answered'), Type.Literal('deadline')]);

/** One bidder's answer as the auction saw it. */
export const TrailAnswer = Type.Object(
  {
    plantId: PlantId,
    outcome: Type.Union([Type.Literal('bid'), Type.Literal('decline'), Type.Literal('silent'), Type.Literal('failed')]),
    /** Brokers the answer came through; left out for a plant that was asked directly. */
    via: Type.Optional(Via),
    /** From the call for bids to the answer, by the clock of whoever asked the plant. */
    elapsedMs: Milliseconds,
    cost: Type.Optional(Type.Number()),
    plan: Type.Optional(PlanSummary),
    code: Type.Optional(Type.String()),
    message: Type.Optional(Type.String()),
  },
  closed,
);
export type TrailAnswer = Static<typeof TrailAnswer>;

/** A condition of the requirements that did not hold, and what its references stood for: ClassAd text. */
export const FailedCondition = Type.Object(
  { text: Type.String(), value: Type.String(), references: Type.Record(Type.String(), Type.String()) },
  closed,
);
export type FailedCondition = Static<typeof FailedCondition>;

/** A bid that a rule took out of the auction, with the values that made it do so. */
export const TrailRemoval = Type.Object(
  {
    rule: Type.String(),
    plantId: PlantId,
    reason: Type.String(),
    /** Of the rule `requirements`: the conditions that failed. */
    conditions: Type.Optional(Type.Array(FailedCondition, { minItems: 1 })),
  },
  closed,
);
export type TrailRemoval = Static<typeof TrailRemoval>;

/** One place in the order of bids. */
export const TrailPlace = Type.Object(
  {
    plantId: PlantId,
    /** Where the soonest, not the cheapest, was wanted. */
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

/** How many answers of each kind there were, also where the trail names only some of them. */
export const AuctionSummary = Type.Object(
  {
    asked: Count,
    bids: Count,
    silent: Count,
    failed: Count,
    declines: Type.Array(Type.Object({ code: Type.String(), count: Count }, closed)),
    /** Bids that were taken out, by rule and by the conditions that failed. */
    removals: Type.Array(
      Type.Object({ rule: Type.String(), conditions: Type.Array(Type.String()), count: Count }, closed),
    ),
  },
  closed,
);
export type AuctionSummary = Static<typeof AuctionSummary>;

/** A broker that was asked: what it and those below it came to. */
export const TrailBroker = Type.Object(
  {
    brokerId: PlantId,
    /** Brokers above it; left out for one that was asked directly. */
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
