/** What plants answer to a call for bids, and the trail of decisions an auction leaves. */
import { type Static, Type } from 'typebox';
import { LineName } from './machine.ts';
import { ImageId, PlantId, RequestId } from './requests.ts';

const closed = { additionalProperties: false } as const;
const Timestamp = Type.String({ format: 'date-time' });
const Milliseconds = Type.Number({ minimum: 0 });

const Start = Type.Union([Type.Literal('restore'), Type.Literal('boot')]);

/** Another way to make the machine, which the planner expected to take longer. */
export const PlanAlternative = Type.Object(
  {
    imageId: ImageId,
    start: Start,
    actionsCached: Type.Integer({ minimum: 0 }),
    expectedSeconds: Type.Number({ minimum: 0 }),
  },
  closed,
);
export type PlanAlternative = Static<typeof PlanAlternative>;

/** The plan behind a bid, in numbers. */
export const PlanSummary = Type.Object(
  {
    imageId: ImageId,
    line: LineName,
    start: Start,
    actionsCached: Type.Integer({ minimum: 0 }),
    actionsLeft: Type.Integer({ minimum: 0 }),
    /** Expected seconds from award to ready. */
    expectedSeconds: Type.Number({ minimum: 0 }),
    /** What else was considered, soonest ready first; the best with the other start is among them when there is one. */
    alternatives: Type.Optional(Type.Array(PlanAlternative, { minItems: 1, maxItems: 3 })),
  },
  closed,
);
export type PlanSummary = Static<typeof PlanSummary>;

export const Bid = Type.Object(
  {
    kind: Type.Literal('bid'),
    plantId: PlantId,
    /** Value of the operator's cost expression; lower wins. */
    cost: Type.Number(),
    validUntil: Timestamp,
    /** The plant has the VM of this very request already: an award returns that one. */
    holds: Type.Optional(Type.Boolean()),
    plan: PlanSummary,
    /** The plant's ClassAd in its JSON form, as it was when the bid was made. */
    ad: Type.Record(Type.String(), Type.Unknown()),
  },
  closed,
);
export type Bid = Static<typeof Bid>;

export const Decline = Type.Object(
  {
    kind: Type.Literal('decline'),
    plantId: PlantId,
    /** A code of the error catalogue. */
    code: Type.String(),
    message: Type.String(),
    details: Type.Record(Type.String(), Type.Unknown()),
  },
  closed,
);
export type Decline = Static<typeof Decline>;

export const Offer = Type.Union([Bid, Decline]);
export type Offer = Static<typeof Offer>;

/** One bidder's answer as the auction saw it. */
export const TrailAnswer = Type.Object(
  {
    plantId: PlantId,
    outcome: Type.Union([Type.Literal('bid'), Type.Literal('decline'), Type.Literal('silent'), Type.Literal('failed')]),
    /** From the call for bids to the answer. */
    elapsedMs: Milliseconds,
    cost: Type.Optional(Type.Number()),
    plan: Type.Optional(PlanSummary),
    code: Type.Optional(Type.String()),
    message: Type.Optional(Type.String()),
  },
  closed,
);
export type TrailAnswer = Static<typeof TrailAnswer>;

/** A bid that a rule took out of the auction, with the values that made it do so. */
export const TrailRemoval = Type.Object({ rule: Type.String(), plantId: PlantId, reason: Type.String() }, closed);
export type TrailRemoval = Static<typeof TrailRemoval>;

/** One place in the order of bids. */
export const TrailPlace = Type.Object(
  { plantId: PlantId, cost: Type.Number(), rank: Type.Number(), tieBreak: Type.Integer({ minimum: 0 }) },
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

/** Everything an auction decided and why, in the order it happened. */
export const Trail = Type.Object(
  {
    auctionId: Type.String(),
    requestId: RequestId,
    openedAt: Timestamp,
    deadlineMs: Milliseconds,
    closedBy: Type.Union([Type.Literal('all-answered'), Type.Literal('deadline')]),
    closedAfterMs: Milliseconds,
    answers: Type.Array(TrailAnswer),
    removed: Type.Array(TrailRemoval),
    order: Type.Array(TrailPlace),
    awards: Type.Array(TrailAward),
  },
  closed,
);
export type Trail = Static<typeof Trail>;
