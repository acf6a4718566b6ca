/** The answers of plants to a call for bids. */
import { type Static, Type } from 'typebox';
import { LineName } from './machine.ts';
import { ImageId, PlantId } from './requests.ts';

const closed = { additionalProperties: false } as const;
const Timestamp = Type.String({ format: 'date-time' });

const Start = Type.Union([Type.Literal('restore'), Type.Literal('boot')]);

/** Another plan for the machine, which the planner expected to take longer. */
export const PlanAlternative = Type.Object(
  {
    imageId: ImageId,
    line: LineName,
    start: Start,
    actionsCached: Type.Integer({ minimum: 0 }),
    expectedSeconds: Type.Number({ minimum: 0 }),
  },
  closed,
);
export type PlanAlternative = Static<typeof PlanAlternative>;

/** A summary of the plan behind a bid, in numbers. */
export const PlanSummary = Type.Object(
  {
    imageId: ImageId,
    line: LineName,
    start: Start,
    actionsCached: Type.Integer({ minimum: 0 }),
    actionsLeft: Type.Integer({ minimum: 0 }),
    /** Expected seconds from award to ready. */
    expectedSeconds: Type.Number({ minimum: 0 }),
    /** An action was priced by its kind: the plant may have known its own duration once and forgotten it. */
    coarse: Type.Optional(Type.Literal(true)),
    /** Images for which the search gave up before it knew whether they match. One of them might have been faster. */
    undecided: Type.Optional(Type.Integer({ minimum: 1 })),
    /** Other plans, the fastest first. The best plan with the other start is among them when there is one. */
    alternatives: Type.Optional(Type.Array(PlanAlternative, { minItems: 1, maxItems: 3 })),
  },
  closed,
);
export type PlanSummary = Static<typeof PlanSummary>;

export const Bid = Type.Object(
  {
    kind: Type.Literal('bid'),
    plantId: PlantId,
    /** Value of the operator's cost expression; the lowest wins. */
    cost: Type.Number(),
    validUntil: Timestamp,
    /** The plant already has the VM of this request: an award returns that VM. */
    holds: Type.Optional(Type.Boolean()),
    plan: PlanSummary,
    /** The plant's ClassAd in JSON, as it was when the bid was made. */
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
